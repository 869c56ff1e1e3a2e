#!/bin/bash
# tomcat.sh -- Debian's Tomcat serves pages, JSP, compressed ones and POSTs on loopback and is shut
# down by SIGTERM; then a page that forgets an Inflater is named by the report.
# timeout: 3600
. "$(dirname "$0")/../lib/tap.sh"
. "$LR_ROOT/tests/lib/programs.sh"
. "$LR_ROOT/tests/lib/java.sh"
tap_need jq python3 setpriv
HOME_OF=/usr/share/tomcat10
[ -x $HOME_OF/bin/catalina.sh ] || tap_skip_all "tomcat10-common is not installed"
ROUNDS=${ROUNDS:-60}

# instance DIRECTORY PORT
instance() {
    mkdir -p "$1"/{conf,logs,temp,work,webapps/ROOT}
    cat >"$1/conf/web.xml" <<XML
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">
  <servlet><servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class></servlet>
  <servlet><servlet-name>jsp</servlet-name>
    <servlet-class>org.apache.jasper.servlet.JspServlet</servlet-class></servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
  <servlet-mapping><servlet-name>jsp</servlet-name><url-pattern>*.jsp</url-pattern></servlet-mapping>
  <mime-mapping><extension>txt</extension><mime-type>text/plain</mime-type></mime-mapping>
  <mime-mapping><extension>html</extension><mime-type>text/html</mime-type></mime-mapping>
</web-app>
XML
    cat >"$1/conf/server.xml" <<XML
<Server port="-1" shutdown="SHUTDOWN"><Service name="Catalina">
  <Connector port="$2" address="127.0.0.1" protocol="HTTP/1.1" compression="on"
             compressionMinSize="256" noCompressionStrongETag="false" maxThreads="8"/>
  <Engine name="Catalina" defaultHost="localhost">
    <Host name="localhost" appBase="webapps" unpackWARs="false" autoDeploy="false"/>
  </Engine>
</Service></Server>
XML
    (
        cd "$1/webapps/ROOT" || exit
        seq -f 'line %g of a page that is served as it is' 3000 >plain.txt
        echo '<html><body><h1>index</h1></body></html>' >index.html
        cat >page.jsp <<'JSP'
<%@ page contentType="text/html;charset=UTF-8" %>
<html><body><ul><% for (int i = 0; i < 500; i++) { %><li>line <%= i %> of <%= request.getParameter("n") %></li>
<% } %></ul></body></html>
JSP
        cat >pack.jsp <<'JSP'
<%@ page contentType="text/plain" import="java.io.*,java.util.zip.*" %><%
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(bytes)) {
        packed.write(new byte[100000]);
    }
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        out.print(bytes.size() + " " + in.readAllBytes().length);
    }
%>
JSP
        cat >post.jsp <<'JSP'
<%@ page contentType="text/plain" %><%
    long sum = 0, length = 0;
    for (byte one : request.getInputStream().readAllBytes()) { sum += one; length++; }
    out.print(length + " " + sum);
%>
JSP
        cat >forget.jsp <<'JSP'
<%@ page contentType="text/plain" import="java.util.zip.*" %><%
    Inflater forgotten = new Inflater();
    forgotten.setInput(new byte[] {1, 2, 3});
    out.print("done");
%>
JSP
    )
}

answers() { curl -sf -o /dev/null "http://127.0.0.1:$1/index.html" || server_is_gone; }

# serve_pages NAME WAY ROUNDS PATH…
serve_pages() {
    local name=$1 way=$2 rounds=$3 port
    shift 3
    port=$(free_port)
    instance "$name.$way" "$port"
    serve "$name" "$way" env JAVA_HOME="$JDK" CATALINA_BASE="$T/$name.$way" CATALINA_HOME=$HOME_OF \
        CATALINA_OPTS="-Xmx256m" $HOME_OF/bin/catalina.sh run
    wait_for 300 answers "$port"
    tap_diag "$name $way: $(load_pages "$name.$way.pages" "http://127.0.0.1:$port" "$rounds" "$@"), $(server_rss)"
    served "$name" "$way" TERM
    sed -E 's/^[A-Z][a-z]{2} [0-9]+, [0-9]+ [0-9:]+ [AP]M //; s/\[[0-9,]+\] (ms|milliseconds)/[N] ms/
        s/http-nio-127.0.0.1-[0-9]+/http-nio/g; /Command line argument|CATALINA_|bootstrap.jar|OS Version|Loaded|elapsed/d
        s/\.(plain|traced)//g' "$name.$way.err" >"$name.$way.errors"
}

jdk_test() {
    local name=tomcat-$(lr_jdk_version "$JDK") way
    for way in plain traced; do
        serve_pages "$name" $way "$ROUNDS" /index.html /plain.txt '/page.jsp?n=7' /pack.jsp \
            'POST:100 /post.jsp' /missing.html
    done
    tap_is "$(grep -c '^200' "$name.plain.pages"),$(grep -c '^404' "$name.plain.pages")" \
        "$((5 * ROUNDS)),$ROUNDS" "$name: answers"
    tap_same "$name.plain.pages" "$name.traced.pages" "$name: every answer is the same bytes"
    tap_same "$name.plain.status" "$name.traced.status" "$name: ends as without us"
    tap_same "$name.plain.errors" "$name.traced.errors" "$name: says the same"
    program_is_fine "$name" java
    tap_is "$(jq '[.pairs[].sites[] | select(.never_ended > 0 and (.expected // false) == false)] | length' "$name.json")" 0 \
        "$name: no stream was forgotten" "$(jq -c '[.pairs[].sites[] | select(.never_ended > 0)
            | [.culprit.function, .culprit.line, .never_ended, .expected]]' "$name.json")"

    name=$name-forgets
    serve_pages "$name" traced 100 /forget.jsp
    report "$(program_trace "$name" java)" >"$name.json"
    tap_is "$(jq -r '.verdict.kind, (.pairs[].sites[] | select(.never_ended > 0 and (.expected // false) == false)
        | "\(.culprit.function) \(.never_ended)")' "$name.json")" \
        "leak
org.apache.jsp.forget_jsp._jspService 100" "$name: the page that forgets is named"
}
java_each_jdk jdk_test
tap_done
