#!/bin/bash
# The library as the dynamic linker sees it: what it needs, what it exports, how it is linked.
. "$(dirname "$0")/../lib/tap.sh"
tap_need nm readelf objdump

cat >allowed <<'LIST'
__errno_location
_r_debug
bcmp
clock_gettime
environ
__environ
getauxval
malloc_usable_size
memchr
memcmp
memcpy
memmem
memmove
memset
strchr
strcmp
strcpy
strcspn
strdup
strlen
strncmp
strndup
strnlen
strrchr
strstr
__cxa_finalize
_ITM_deregisterTMCloneTable
_ITM_registerTMCloneTable
__gmon_start__
LIST
tap_is "$(nm -D --undefined-only "$LR_LIB" | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort |
    grep -vxFf allowed)" "" "undefined symbols are on the allow-list"

tap_is "$(readelf -d "$LR_LIB" | sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p' | grep -vE '^(libc\.so\.6|ld-linux-.*)$')" "" \
    "no library but libc is needed"

if [ "$(uname -m)" = x86_64 ]; then
    newest=$(objdump -T "$LR_LIB" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -1)
    tap_is "$(printf 'GLIBC_2.17\n%s\n' "$newest" | sort -V | tail -1)" GLIBC_2.17 \
        "no symbol version above GLIBC_2.17 (newest: ${newest:-none})"
else
    tap_skip "no symbol version above GLIBC_2.17" "x86_64 only"
fi

# What we interpose, and nothing else.
sort >expected <<'LIST'
JNI_CreateJavaVM
_exit
_Exit
aligned_alloc
brk
calloc
cfree
clone
daemon
deflate
deflateCopy
deflateEnd
deflateInit2_
deflateInit_
deflateParams
deflateReset
deflateSetDictionary
dlclose
dlsym
dlvsym
execl
execle
execlp
execv
execve
execveat
execvp
execvpe
fexecve
fork
free
free_aligned_sized
free_sized
inflate
inflateBack
inflateBackEnd
inflateBackInit_
inflateCopy
inflateEnd
inflateInit2_
inflateInit_
inflateReset
inflateReset2
inflateSetDictionary
malloc
leakring_acquire
leakring_mark
leakring_release
malloc_usable_size
memalign
mmap
mmap64
mremap
munmap
popen
posix_memalign
posix_spawn
posix_spawnp
prctl
pthread_create
pthread_exit
pthread_setname_np
pvalloc
realloc
reallocarray
setns
syscall
setsid
system
unshare
valloc
vfork
quick_exit
_ZdaPv
_ZdaPvRKSt9nothrow_t
_ZdaPvSt11align_val_t
_ZdaPvm
_ZdaPvmSt11align_val_t
_ZdlPv
_ZdlPvRKSt9nothrow_t
_ZdlPvSt11align_val_t
_ZdlPvm
_ZdlPvmSt11align_val_t
_Znam
_ZnamRKSt9nothrow_t
_ZnamSt11align_val_t
_ZnamSt11align_val_tRKSt9nothrow_t
_Znwm
_ZnwmRKSt9nothrow_t
_ZnwmSt11align_val_t
_ZnwmSt11align_val_tRKSt9nothrow_t
LIST
nm -D --defined-only "$LR_LIB" | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort >exported
tap_is "$(comm -23 exported expected)" "" "nothing is exported but what we interpose"
# The heart of it must be there.
tap_is "$(printf '%s\n' malloc calloc realloc reallocarray free posix_memalign aligned_alloc memalign \
    valloc pvalloc cfree free_sized free_aligned_sized mmap mmap64 munmap mremap dlsym \
    JNI_CreateJavaVM inflateInit_ inflateInit2_ inflateEnd inflateCopy inflateBackInit_ \
    inflateBackEnd deflateInit_ deflateInit2_ deflateEnd deflateCopy execve execv execvp fexecve \
    posix_spawn posix_spawnp | sort | comm -23 - exported)" "" "the malloc family, mappings, zlib and exec are exported"

if [ "$(uname -m)" = x86_64 ]; then
    tap_like "$(readelf -n "$LR_LIB")" 'IBT' "indirect branch tracking is declared"
    tap_like "$(readelf -n "$LR_LIB")" 'SHSTK' "shadow stacks are declared"
    # Every exported function starts with endbr64.
    missing=$(objdump -d --no-show-raw-insn "$LR_LIB" | awk '
        /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); getline; if ($0 !~ /endbr64/) print name }' |
        sort | comm -12 - exported)
    tap_is "$missing" "" "every exported function starts with endbr64"
else
    tap_skip "indirect branch tracking, shadow stacks, endbr64" "x86_64 only"
fi
tap_is "$(readelf -lW "$LR_LIB" | awk '$1 == "GNU_STACK" { print ($0 ~ /RWE/) ? "executable" : "plain" }')" plain \
    "the stack is not executable"
tap_unlike "$(readelf -dW "$LR_LIB")" 'TEXTREL' "no text relocations"
tap_is "$(readelf -lW "$LR_LIB" | awk '$1 == "LOAD" && $0 ~ / RWE /')" "" "no writable and executable segment"
tap_like "$(readelf -dW "$LR_LIB")" 'BIND_NOW|FLAGS.*NOW' "symbols are bound at load time"

# Thread-local storage is initial-exec and small: the surplus is shared by everyone.
tls=$(readelf -lW "$LR_LIB" | awk '$1 == "TLS" { print strtonum($6) }' 2>/dev/null)
[ -n "$tls" ] || tls=$((16#$(readelf -lW "$LR_LIB" | awk '$1 == "TLS" { sub(/0x/, "", $6); print $6 }')))
tap_ok $([ "$tls" -le 64 ]; echo $?) "thread-local storage is at most 64 bytes (it is $tls)"
tap_is "$(readelf -rW "$LR_LIB" | grep -cE 'DTPMOD|TLSDESC')" 0 "thread-local storage is initial-exec"
tap_is "$(nm -D --undefined-only "$LR_LIB" | grep -c __tls_get_addr)" 0 "and needs no __tls_get_addr"
tap_done
