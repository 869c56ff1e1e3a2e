#!/bin/bash
# test_native_foreign.sh -- children of a traced program that a preload would break: statically linked, musl's,
# with AddressSanitizer or ThreadSanitizer inside, Go's.  They run as without us, and leave no file.
# WHOLE=1 (make check-faults): also a traced program whose runtime is Go's, which takes a minute to build.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/native.sh"

cat >child.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *volatile sink;
static void *run(void *unused)
{
    for (int i = 0; i < 1000; i++)
        free(sink = malloc(10 + i));
    return unused;
}
int main(int argc, char **argv)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 2;
    run(NULL);
    printf("child of %d arguments, preload: %s\n", argc, getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "none");
    return 3;
}
C
cat >child.go <<'GO'
package main

import (
	"fmt"
	"os"
)

func main() {
	done := make(chan int)
	for i := 0; i < 50; i++ {
		go func(n int) { done <- len(make([]byte, n*1000)) }(i)
	}
	sum := 0
	for i := 0; i < 50; i++ {
		sum += <-done
	}
	preload := os.Getenv("LD_PRELOAD")
	if preload == "" {
		preload = "none"
	}
	fmt.Println("child of", len(os.Args), "arguments, preload:", preload)
	os.Exit(sum - 1225000 + 3)
}
GO
cat >parent.c <<'C'
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
__attribute__((noinline)) static void parent_site(void)
{
    if (!malloc(222))
        abort();
}
static pid_t start(int way, char **child)
{
    pid_t pid = -1;
    if (way == 2)
        return posix_spawn(&pid, child[0], NULL, NULL, child, environ) == 0 ? pid : -1;
    pid = way == 0 ? fork() : vfork();
    if (pid == 0) {
        execv(child[0], child);
        _exit(99);
    }
    return pid;
}
int main(int argc, char **argv)
{
    char command[4096];
    int status;
    for (int way = 0; way < 3; way++) {
        parent_site();
        pid_t pid = start(way, argv + 1);
        if (waitpid(pid, &status, 0) != pid)
            return 1;
        printf("way %d: %x\n", way, status);
        fflush(stdout);
    }
    snprintf(command, sizeof command, "%s a b", argv[1]);
    printf("system: %x\n", system(command));
    fflush(stdout);
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(command, sizeof command, pipe))
        fputs(command, stdout);
    printf("popen: %x\n", pipe ? pclose(pipe) : -1);
    return 0;
}
C
cc -g -O1 -fno-inline -o parent parent.c || tap_fail "parent.c compiles"

# child NAME: ./NAME as every kind of child.
child() {
    ./parent "./$1" >plain.out 2>&1
    tap_is "$?,$(grep -c '^child of' plain.out)" "0,5" "$1: five times, plain" "$(cat plain.out)"
    mkdir -p "files-$1"
    traced "$PWD/files-$1/%e.%p.lkr" ./parent "./$1" >traced.out 2>&1
    tap_is "$?" 0 "$1: five times, by a traced program"
    tap_same plain.out traced.out "$1: as without us"
    tap_is "$(ls "files-$1" | sed 's/[0-9][0-9]*/PID/')" "parent.PID.lkr" "$1: leaves no file"
    report files-"$1"/parent.*.lkr >parent.json
    tap_is "$(sites parent.json malloc | grep '^parent_site' | tr '\t' ' ')" "parent_site 3 666" \
        "$1: its parent's blocks exactly"
}

# made NAME COMMAND…: a child that the compiler can make and this machine can run, else a skip.
made() {
    local name=$1 status
    shift
    if ! "$@" >make.out 2>&1; then
        tap_skip "$name" "can't be made here: $(tail -1 make.out)"
        return
    fi
    "./$name" >run.out 2>&1
    status=$?
    [ $status -eq 3 ] || { tap_skip "$name" "doesn't run here: status $status, $(tail -1 run.out)"; return; }
    child "$name"
}

made plain cc -O1 -o plain child.c -lpthread
made static cc -O1 -static -o static child.c -lpthread
made static-pie cc -O1 -static-pie -o static-pie child.c -lpthread
made asan cc -O1 -fsanitize=address -o asan child.c -lpthread
made tsan cc -O1 -fsanitize=thread -o tsan child.c -lpthread
if tap_have musl-gcc; then
    made musl musl-gcc -O1 -o musl child.c
    made musl-static musl-gcc -O1 -static -o musl-static child.c
else
    tap_skip "musl" "musl-gcc (musl-tools) is not installed"
fi
if tap_have go; then
    export GOCACHE=$T/go-cache GOFLAGS=-mod=mod GO111MODULE=off
    made golang env CGO_ENABLED=0 go build -o golang child.go
else
    tap_skip "golang" "go is not installed"
fi

# Its threads are the C library's, its goroutines' stacks aren't, and it ends by the system call.
cat >traced.go <<'GO'
package main

// #include <stdlib.h>
// static void *volatile sink;
// __attribute__((noinline)) void c_site(void) { sink = malloc(77); }
import "C"
import (
	"fmt"
	"os"
	"sync"
)

func main() {
	var group sync.WaitGroup
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < 20; j++ {
				C.c_site()
				C.free(C.malloc(10))
			}
		}()
	}
	group.Wait()
	fmt.Println("ready")
	var byte [1]byte
	os.Stdin.Read(byte[:])
}
GO
if [ -n "${WHOLE:-}" ] && tap_have go; then
    CGO_CFLAGS='-g -O1 -fno-inline' go build -o traced-go traced.go 2>make.out
    tap_ok $? "traced Go: builds" "$(cat make.out)"
    mkfifo input
    (traced_exec go.lkr ./traced-go) <input >go.out 2>go.err &
    pid=$!
    exec 9>input
    wait_line 300 go.out '^ready$'
    settle $pid
    exec 9>&-
    wait $pid
    tap_is "$?,$(cat go.err)" "0," "traced Go: runs, silent"
    report go.lkr >go.json
    tap_is "$(sites go.json malloc | grep '^c_site' | tr '\t' ' ')" "c_site 1000 77000" \
        "traced Go: C's blocks of all goroutines exactly"
fi
tap_done
