/// Rules of all the kinds that rule sets are made of.
enum SampleRules {
  static let text = settings + requests + bodies + replies

  private static let settings = #"""
    SecRuleEngine DetectionOnly
    SecRequestBodyAccess On
    SecRequestBodyLimit 65536
    SecRequestBodyNoFilesLimit 65536
    SecRequestBodyLimitAction ProcessPartial
    SecResponseBodyAccess On
    SecResponseBodyMimeType text/plain text/html application/json
    SecArgumentsLimit 200
    SecDefaultAction "phase:1,pass,log"
    SecDefaultAction "phase:2,pass,log"
    SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=2,setvar:tx.anomaly_score_pl1=0,setvar:tx.limit=40"
    SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application|text)/(?:[a-z0-9.-]+\+)?xml" \
      "id:2,phase:1,pass,nolog,t:none,t:lowercase,ctl:requestBodyProcessor=XML"
    SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+\+)?json" \
      "id:3,phase:1,pass,nolog,t:none,t:lowercase,ctl:requestBodyProcessor=JSON"
    SecRule REQUEST_HEADERS:X-Raw "@streq 1" "id:4,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"

    """#

  private static let requests = #"""
    SecRule REQUEST_METHOD "!@within GET HEAD POST OPTIONS" "id:10,phase:1,block,setvar:tx.anomaly_score_pl1=+5"
    SecRule REQUEST_LINE "!@rx (?i)^[a-z]{3,10} (?:/[^\s]*|\*) http/\d(?:\.\d)?$" "id:11,phase:1,block"
    SecRule &REQUEST_HEADERS:Host "@eq 0" "id:12,phase:1,block"
    SecRule REQUEST_HEADERS:Content-Length "!@rx ^\d+$" "id:13,phase:1,block"
    SecRule REQUEST_URI|REQUEST_HEADERS|!REQUEST_HEADERS:Cookie "@validateByteRange 9,10,13,32-126" \
      "id:14,phase:1,block,t:none,t:urlDecodeUni"
    SecRule REQUEST_URI_RAW|ARGS "@rx (?i)(?:[/\x5c]|%(?:2f|5c|c0%af))\.\.(?:[/\x5c]|%2f)" "id:15,phase:2,block"
    SecRule REQUEST_FILENAME|ARGS "@pm etc/passwd boot.ini .htaccess web.config" \
      "id:16,phase:2,block,t:none,t:utf8toUnicode,t:urlDecodeUni,t:normalizePathWin"
    SecRule REQUEST_FILENAME "@endsWith .bak" "id:17,phase:1,block,t:lowercase"
    SecRule REQUEST_HEADERS:User-Agent "@pm nikto nessus sqlmap masscan" "id:18,phase:1,block,capture,t:lowercase"
    SecRule TX:level "@lt 2" "id:19,phase:2,pass,nolog,skipAfter:END-2"
    SecRule REQUEST_COOKIES|REQUEST_COOKIES_NAMES|ARGS_NAMES|ARGS|XML:/* "@detectSQLi" \
      "id:20,phase:2,block,capture,multiMatch,t:none,t:utf8toUnicode,t:urlDecodeUni,t:removeNulls,\
      logdata:'%{TX.0} in %{MATCHED_VAR_NAME}',setvar:tx.anomaly_score_pl1=+5"
    SecRule REQUEST_COOKIES|!REQUEST_COOKIES:/^__utm/|ARGS_NAMES|ARGS|XML:/* "@detectXSS" \
      "id:21,phase:2,block,t:none,t:utf8toUnicode,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode,t:cssDecode,t:removeNulls"
    SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|XML:/* "@rx (?i)<(?:script|iframe|object|svg)\b[^>]*>" \
      "id:22,phase:2,block,capture,t:none,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode,t:cssDecode,t:removeNulls"
    SecRule ARGS|REQUEST_HEADERS:Referer "@rx (?i)\bon(?:error|load|click|mouseover)[\s\x0b]*=" \
      "id:23,phase:2,block,t:none,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode"
    SecMarker END-2
    SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|XML:/* \
      "@rx (?i)\b(?:union[\s\S]{1,20}select|select[\s\S]{1,40}from|insert[\s\S]+?into|drop\s+table)\b" \
      "id:24,phase:2,block,capture,t:none,t:urlDecodeUni,t:replaceComments,t:compressWhitespace"
    SecRule ARGS "@rx (['\x22`])[\s\S]*?\b(x?or|and)\b\s*\1?[0-9a-z]+\1?\s*=" \
      "id:25,phase:2,block,capture,t:none,t:urlDecodeUni,t:lowercase,setvar:'tx.seen_%{TX.2}=%{MATCHED_VAR}'"
    SecRule ARGS|REQUEST_COOKIES "@rx (?:;|\||&&|`|\$\()\s*(?:cat|id|ls|nc|sh|wget|whoami)\b" \
      "id:26,phase:2,block,t:none,t:cmdLine"
    SecRule ARGS|REQUEST_BODY "@rx (?i)<\?(?:php|=)|\b(?:eval|base64_decode|system)\s*\(" \
      "id:27,phase:2,block,t:none,t:urlDecodeUni"
    SecRule ARGS:page|ARGS:file "@beginsWith http" "id:28,phase:2,block,chain"
      SecRule MATCHED_VAR "!@contains plant.example" "t:lowercase"
    SecRule ARGS|ARGS_GET:q|!ARGS:note "@rx [\n\r]+(?:set-cookie|location):" \
      "id:29,phase:2,block,t:none,t:urlDecodeUni,t:lowercase,ctl:ruleRemoveTargetById=30;ARGS:q"
    SecRule ARGS|!ARGS:/^trusted/ "@rx ^[a-z]:/" "id:30,phase:2,block,t:lowercase,t:normalizePathWin"
    SecRule &ARGS "@gt %{tx.limit}" "id:31,phase:2,block"
    SecRule ARGS_COMBINED_SIZE "@gt 4000" "id:32,phase:2,block"
    SecRule ARGS "@rx ^$" "id:33,phase:2,pass,nolog,auditlog"
    SecRule ARGS "!@rx ^[\x20-\x7e\s]*$" "id:34,phase:2,block,multiMatch,t:none,t:urlDecodeUni,t:base64DecodeExt"
    SecRule ARGS "@validateUtf8Encoding" "id:35,phase:2,block"
    SecRule REQUEST_URI "@validateUrlEncoding" "id:36,phase:1,block"
    SecRule ARGS "@verifyCC \b\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}\b" "id:37,phase:2,block"
    SecRule ARGS "@rxGlobal \b(\w)\1{3,}\b" "id:38,phase:2,block,capture"
    SecRule ARGS:/^id/ "!@rx ^\d*$" "id:39,phase:2,block"
    SecRule REMOTE_ADDR "@ipMatch 10.0.0.0/8,2001:db8::/32" "id:40,phase:1,pass,ctl:ruleRemoveById=41"
    SecRule REQUEST_HEADERS:Host "@rx ^[\d.:]+$" "id:41,phase:1,block"
    SecRule ARGS|REQUEST_HEADERS "@rx \$\{(?:jndi|env|sys):" "id:42,phase:2,block,t:none,t:urlDecodeUni,t:jsDecode,t:lowercase"
    SecRule REQUEST_HEADERS_NAMES "@rx ^(?i:x-http-method|x-original-url)" "id:43,phase:1,block"
    SecRule ARGS|REQUEST_COOKIES "@containsWord union" "id:44,phase:2,block,t:lowercase"
    SecRule ARGS|XML://@* "@rx (?:[A-Za-z0-9+/]{4}){8,}={0,2}" "id:45,phase:2,pass,t:hexDecode,t:hexEncode,t:lowercase"

    """#

  private static let bodies = #"""
    SecRule REQBODY_ERROR "!@eq 0" "id:60,phase:2,block,logdata:'%{REQBODY_ERROR_MSG}'"
    SecRule MULTIPART_STRICT_ERROR "!@eq 0" "id:61,phase:2,block"
    SecRule MULTIPART_UNMATCHED_BOUNDARY "!@eq 0" "id:62,phase:2,block"
    SecRule FILES|FILES_NAMES "@rx (?i)\.(?:php\d?|jsp|aspx?|exe)\.*$" "id:63,phase:2,block,capture"
    SecRule FILES_COMBINED_SIZE "@gt 1000" "id:64,phase:2,block"
    SecRule MULTIPART_PART_HEADERS "@rx (?i)^content-type\s*:\s*(?:application/x-|text/html)" "id:65,phase:2,block"
    SecRule XML://@* "@rx (?i)javascript:" "id:66,phase:2,block,t:none,t:removeWhitespace"
    SecRule XML:/* "@rx [\s\S]{200}" "id:67,phase:2,pass,t:compressWhitespace"
    SecRule REQUEST_BODY "@rx (?s)^.{0,10}\xac\xed\x00\x05|rO0ABX" "id:68,phase:2,block"
    SecRule REQUEST_BODY|ARGS "@rx (?i)\bxp_cmdshell\b" "id:69,phase:2,block,t:none,t:urlDecodeUni,t:sqlHexDecode"

    """#

  private static let replies = #"""
    SecRule RESPONSE_STATUS "@rx ^5\d\d$" "id:80,phase:3,block"
    SecRule RESPONSE_HEADERS:X-Powered-By "@rx (?i)php/([\d.]+)" "id:81,phase:3,pass,capture,setvar:tx.php=%{TX.1}"
    SecRule RESPONSE_BODY "@pm ORA-00933 SQLSTATE[ sql\ syntax" "id:82,phase:4,block,capture"
    SecRule RESPONSE_BODY "@rx (?i)<title>index of.*?</title>|(?:stack\s?trace|traceback)[\s\S]{0,80}\bline \d+" \
      "id:83,phase:4,block,chain,logdata:'%{MATCHED_VAR}'"
      SecRule TX:anomaly_score_pl1 "@ge 0" "t:none"
    SecRule TX:/^seen_/ "@rx ." "id:84,phase:4,pass"
    SecRule TX:anomaly_score_pl1 "@ge 5" "id:90,phase:5,pass,log,msg:'Score %{TX.anomaly_score_pl1}'"

    """#
}
