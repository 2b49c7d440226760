/// What names in rules stand for: looked up in lower case, with the spellings that ModSecurity and Coraza also take.
enum LanguageNames {
  static let variables: [String: Variable] = {
    var result: [String: Variable] = [:]
    for variable in Variable.allCases { result[variable.rawValue.lowercased()] = variable }
    result["multipart_semicolon_missing"] = .multipartMissingSemicolon
    result["request_xml"] = .xml
    result["status"] = .responseStatus
    return result
  }()

  /// Variables that are documented somewhere and have no value here: why.
  static let missingVariables: [String: String] = {
    var result = [
      "webserver_error_log": "there is no other server's error log here",
      "sdbm_delete_error": "collections are not kept in SDBM files",
      "stream_input_body": "use `REQUEST_BODY`",
      "stream_output_body": "use `RESPONSE_BODY`",
      "useragent_ip": "use `REMOTE_ADDR`",
      "json": "the members of a JSON body are in `ARGS`",
      "res_body_error_msg": "use `RES_BODY_ERROR`",
      "res_body_processor_error": "use `RES_BODY_ERROR`",
      "res_body_processor_error_msg": "use `RES_BODY_ERROR`",
      "uri_parse_error": "a request whose target can't be parsed is refused before the rules",
    ]
    for name in ["basename", "filename", "gid", "groupname", "mode", "uid", "username"] {
      result["script_" + name] = "there is no script on a gateway"
    }
    let phases = (1...5).map { "phase\($0)" }
    for name in ["all", "combined", "gc", "logging", "rules", "sread", "swrite"] + phases {
      result["perf_" + name] = "times are in the metrics"
    }
    return result
  }()

  /// Variables that hold more than one value, and so take a selector.
  static let collections: Set<Variable> = [
    .args, .argsGet, .argsGetNames, .argsNames, .argsPath, .argsPost, .argsPostNames, .env, .files, .filesNames,
    .filesSizes, .filesTmpContent, .filesTmpNames, .geo, .global, .ip, .matchedVars, .matchedVarsNames,
    .multipartFilename, .multipartName, .multipartPartHeaders, .requestCookies, .requestCookiesNames, .requestHeaders,
    .requestHeadersNames, .resource, .responseArgs, .responseHeaders, .responseHeadersNames, .responseXML, .rule,
    .session, .tx, .user, .xml,
  ]

  /// Collections that rules write to.
  static let writable: [String] = ["tx", "ip", "global", "resource", "session", "user"]

  static let operators: [String: OperatorName] = Dictionary(
    uniqueKeysWithValues: OperatorName.allCases.map { ($0.rawValue.lowercased(), $0) })

  /// Operators that are documented somewhere and refused here: why.
  static let missingOperators: [String: String] = [
    "inspectfile": "it would run a program for each file",
    "gsblookup": "it would send addresses of pages over the network",
    "fuzzyhash": "fuzzy hashes are not part of this engine",
    "validatedtd": "XML is not checked against a DTD here",
    "validateschema": "XML is not checked against a schema here",
    "restpath": "path templates are not part of this engine: use `@rx` on `REQUEST_FILENAME`",
  ]

  static let actions: [String: ActionName] = {
    var result: [String: ActionName] = [:]
    for action in ActionName.allCases {
      let name = action.rawValue.lowercased()
      result[name] = action
      if name.hasPrefix("sanitise") { result["sanitize" + name.dropFirst(8)] = action }
    }
    result["exec"] = nil
    return result
  }()

  static let missingActions: [String: String] = ["exec": "it would run a program or a script"]

  /// The transformations, as they are spelled, the two spellings of `normalise` among them.
  static let transformationSpellings: [String] = [
    "base64Decode", "base64DecodeExt", "base64Encode", "cmdLine", "compressWhitespace", "cssDecode", "escapeSeqDecode",
    "hexDecode", "hexEncode", "htmlEntityDecode", "jsDecode", "length", "lowercase", "md5", "none", "normalisePath",
    "normalisePathWin", "normalizePath", "normalizePathWin", "parityEven7bit", "parityOdd7bit", "parityZero7bit",
    "phpArgsNames", "removeComments", "removeCommentsChar", "removeNulls", "removeWhitespace", "replaceComments",
    "replaceNulls", "sha1", "sqlHexDecode", "trim", "trimLeft", "trimRight", "uppercase", "urlDecode", "urlDecodeUni",
    "urlEncode",
    "utf8toUnicode",
  ]

  static let transformations: Set<String> = Set(transformationSpellings.map { $0.lowercased() })

  static let severities: Set<String> = [
    "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug",
  ]

  /// What values of `ctl` options look like.
  enum Control {
    case choice([String])
    case number(ClosedRange<Int>)
    case auditParts
    case ids
    case text
    /// Rules by ids, then `;` and targets.
    case targetsOfIDs
    /// Rules by a tag or a message, then `;` and targets.
    case targetsOfText
    case refused(String)
  }

  static let controls: [(String, Control)] = [
    ("auditEngine", .choice(["On", "Off", "RelevantOnly"])),
    ("auditLogParts", .auditParts),
    ("debugLogLevel", .refused("there is one log of this engine for all requests")),
    ("forceRequestBodyVariable", .choice(["On", "Off"])),
    ("forceResponseBodyVariable", .choice(["On", "Off"])),
    ("hashEnforcement", .refused("links and forms in responses are not signed here")),
    ("hashEngine", .refused("links and forms in responses are not signed here")),
    ("parseXmlIntoArgs", .choice(["On", "Off", "OnlyArgs"])),
    ("requestBodyAccess", .choice(["On", "Off"])),
    ("requestBodyLimit", .number(0...1 << 40)),
    ("requestBodyProcessor", .choice(["URLENCODED", "MULTIPART", "XML", "JSON", "RAW"])),
    ("responseBodyAccess", .choice(["On", "Off"])),
    ("responseBodyLimit", .number(0...1 << 40)),
    ("responseBodyProcessor", .choice(["XML", "JSON", "RAW"])),
    ("ruleEngine", .choice(["On", "Off", "DetectionOnly"])),
    ("ruleRemoveById", .ids),
    ("ruleRemoveByMsg", .text),
    ("ruleRemoveByTag", .text),
    ("ruleRemoveTargetById", .targetsOfIDs),
    ("ruleRemoveTargetByMsg", .targetsOfText),
    ("ruleRemoveTargetByTag", .targetsOfText),
  ]
}
