# lucene.sh -- Lucene from Maven Central, the cycles program, and what its reports must say.
# Source after java.sh.  Truth: tests/oracle/LuceneCycles.java.

# A young generation that nothing fills: no collection may end a forgotten stream.
LUCENE_HEAP=(-Xms2g -Xmx2g -Xmn1500m -XX:+UseSerialGC)

# lucene_jar VERSION: path of lucene-core, or prints why it can't be had.
lucene_jar() {
    java_artifact "lucene-core $1" "org.apache.lucene:lucene-core:$1"
}

# lucene_setup: LUCENE_6_3_0, LUCENE_6_4_1 and LUCENE_CYCLES (a jar, as programs come), or skips.
lucene_setup() {
    local javac=${LR_JDKS%%$'\n'*}/bin
    LUCENE_6_3_0=$(lucene_jar 6.3.0) || tap_skip_all "$LUCENE_6_3_0"
    LUCENE_6_4_1=$(lucene_jar 6.4.1) || tap_skip_all "$LUCENE_6_4_1"
    [ -n "$LR_JDKS" ] || tap_skip_all "no JDK under /usr/lib/jvm"
    LUCENE_CYCLES=$T/cycles.jar
    "$javac/javac" -nowarn -cp "$LUCENE_6_3_0" -d "$T/cycles" \
        "$LR_ROOT/tests/oracle/LuceneCycles.java" &&
        "$javac/jar" --create --file "$LUCENE_CYCLES" -C "$T/cycles" . ||
        { tap_fail "LuceneCycles compiles"; tap_done; }
}

# lucene_command VERSION CYCLES: sets COMMAND, to be run with JDK's java.
lucene_command() {
    local jar=LUCENE_${1//./_}
    COMMAND=("$JDK/bin/java" "${LUCENE_HEAP[@]}" -cp "${!jar}:$LUCENE_CYCLES" LuceneCycles "$2")
}

# The six sites of 6.3.0 after $1 cycles, as lucene_sites prints them.
lucene_truth() {
    local mode=org.apache.lucene.codecs.compressing.CompressionMode
    local inflater="$mode\$DeflateDecompressor.<init> CompressionMode.java:191"
    local deflater="$mode\$DeflateCompressor.<init> CompressionMode.java:245"
    local decompress='CompressionMode$2.newDecompressor:81'
    local compress='CompressionMode$2.newCompressor:76'
    local clone='CompressionMode$DeflateDecompressor.clone:234'
    cat <<-END | sort
	Inflater $((3 * $1)) $inflater $clone SegmentCoreReaders\$1.initialValue:72
	Inflater $((2 * $1)) $inflater $clone CompressingStoredFieldsReader.getMergeInstance:618
	Inflater $((2 * $1)) $inflater $decompress ReadersAndUpdates.getReader:145
	Inflater $1 $inflater $decompress StandardDirectoryReader\$1.doBody:62
	Deflater $((2 * $1)) $deflater $compress DefaultIndexingChain.initStoredFieldsWriter:83
	Deflater $1 $deflater $compress SegmentMerger.mergeFields:199
	END
}

# The frames that tell the six sites apart, as Class.method:line.
LUCENE_FRAMES='^(CompressionMode[$]2[.]new|CompressionMode[$]DeflateDecompressor[.]clone:'
LUCENE_FRAMES+='|SegmentCoreReaders[$]1[.]initialValue:72|StandardDirectoryReader[$]1[.]doBody:62'
LUCENE_FRAMES+='|CompressingStoredFieldsReader[.]getMergeInstance:|ReadersAndUpdates[.]getReader:'
LUCENE_FRAMES+='|DefaultIndexingChain[.]initStoredFieldsWriter:|SegmentMerger[.]mergeFields:)'

# Sites of NAME.json that are no expected ones: class, streams that the program never ended (live
# or left to the Cleaner), culprit, and those frames.
lucene_sites() {
    jq -r --arg frames "$LUCENE_FRAMES" '
        def place: "\(.function | sub(".*[.](?=[^.]+[.][^.]+$)"; "")):\(.line)";
        .pairs[] as $p | $p.sites[]
        | select((.expected // false) == false and .live + .released_by_cleaner > 0)
        | [($p.pair | split(".") | last), .live + .released_by_cleaner, .culprit.function,
           "\(.culprit.file):\(.culprit.line)"]
          + [.stack[] | select(.kind == "java") | place | select(test($frames))]
        | map(tostring) | join(" ")' "$1.json" | sort
}

# acquired/released live of a class, all sites: "803/0 803".
lucene_totals() {
    jq -r --arg pair "java.util.zip.$2" '[.pairs[] | select(.pair == $pair)]
        | map(.acquired, .released, .live) | "\(.[0])/\(.[1]) \(.[2])"' "$1.json"
}

# lucene_bytes NAME CLASS KEY: live bytes of a class by that key, expected streams included.
lucene_bytes() {
    jq --arg pair "java.util.zip.$2" --arg key "$3" \
        '[.pairs[] | select(.pair == $pair) | .sites[][$key]] | add' "$1.json"
}

# lucene_near GOT WANTED NAME: within 1 %.
lucene_near() {
    if [ "$(jq -n --argjson got "${1:-null}" --argjson wanted "$2" \
        '$got != null and ($got - $wanted | fabs) <= $wanted / 100')" = true ]; then
        tap_pass "$3"
    else
        tap_fail "$3" "got:    $1
wanted: $2, within 1 %"
    fi
}

# lucene_check MODE NAME VERSION CYCLES LABEL: NAME's report against the truth, no collection run.
lucene_check() {
    local mode=$1 name=$2 version=$3 cycles=$4 label="$JDK_NAME: Lucene $3, $4 cycles, $5 ($1)"
    local error ended=exit
    [ "$mode" = exit ] || ended=killed
    tap_is "$(sed -n 's/^collections\t//p' "$name.out")" 0 "$label: no garbage collection"
    tap_is "$(cat "$name.err")" "" "$label: silent on stderr"
    if ! error=$(java_report "$name"); then
        tap_fail "$label: report" "$error"
        return 1
    fi
    if [ "$version" = 6.3.0 ]; then
        tap_is "$(lucene_sites "$name")" "$(lucene_truth "$cycles")" "$label: the six sites"
        tap_is "$(lucene_totals "$name" Inflater)" "$((8 * cycles + 3))/0 $((8 * cycles + 3))" \
            "$label: Inflaters"
        tap_is "$(lucene_totals "$name" Deflater)" "$((3 * cycles))/0 $((3 * cycles))" \
            "$label: Deflaters"
        lucene_near "$(lucene_bytes "$name" Inflater live_bytes_at_creation)" \
            $((58400 * cycles)) "$label: state of the Inflaters"
        lucene_near "$(lucene_bytes "$name" Inflater live_bytes_later)" \
            $((99300 * cycles)) "$label: windows of the Inflaters"
        lucene_near "$(lucene_bytes "$name" Deflater live_bytes)" \
            $((804600 * cycles)) "$label: bytes of the Deflaters"
        tap_is "$(java_summary "$name")" "leak $ended complete" "$label: verdict"
    else
        tap_is "$(lucene_sites "$name")" "" "$label: no finding"
        tap_is "$(lucene_totals "$name" Inflater)" "$((22 * cycles + 3))/$((22 * cycles)) 3" \
            "$label: Inflaters"
        tap_is "$(lucene_totals "$name" Deflater)" "$((3 * cycles))/$((3 * cycles)) 0" \
            "$label: Deflaters"
        tap_is "$(java_summary "$name")" "none $ended complete" "$label: verdict"
    fi
    tap_is "$(java_expected "$name")" 3 "$label: the jar cache is listed as expected"
}
