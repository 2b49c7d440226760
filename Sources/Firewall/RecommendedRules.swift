import SecLang
import SluiceModel

/// Rules of our own around those that are loaded: what the recommended configurations of ModSecurity say, and what
/// options turn into.
///
/// Their ids are in 4 990 000 to 4 990 999, in a part of the number space that the registry of rule ids gives to nobody
/// (users have 1 to 99 999, the core rule set 900 000 to 999 999, its exclusions and plugins 9 000 000 to 9 999 999).
enum RecommendedRules {
  static let ids = 4_990_000...4_990_999
  /// How issues name these texts.
  static let settingsName = "recommended settings"
  static let variablesName = "set"

  private static let variablesID = 4_990_100

  /// Comes before all files, so that they can say otherwise.
  static func settings(_ options: FirewallOptions) -> String {
    let request = options.requestBody
    let response = options.responseBody
    return """
      SecRequestBodyAccess \(request.inspect ? "On" : "Off")
      SecRequestBodyLimit \(request.limitBytes)
      SecRequestBodyNoFilesLimit \(request.fieldsLimitBytes)
      SecRequestBodyLimitAction \(action(request.overLimit))
      SecRequestBodyJsonDepthLimit 512
      SecArgumentsLimit 1000
      SecArgumentSeparator &
      SecCookieFormat 0
      SecResponseBodyAccess \(response.inspect ? "On" : "Off")
      SecResponseBodyMimeType \(response.types.joined(separator: " "))
      SecResponseBodyLimit \(response.limitBytes)
      SecResponseBodyLimitAction \(action(response.overLimit))
      \(processors)
      \(parsing)
      """
  }

  private static func action(_ overLimit: FirewallOverLimit) -> String {
    overLimit == .reject ? "Reject" : "ProcessPartial"
  }

  /// Which bodies are read as XML and JSON; forms are known without a rule.
  private static let processors = #"""
    SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application|text)/(?:[a-z0-9.-]+\+)?xml" \
      "id:4990000,phase:1,pass,nolog,t:none,t:lowercase,ctl:requestBodyProcessor=XML"
    SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+\+)?json" \
      "id:4990001,phase:1,pass,nolog,t:none,t:lowercase,ctl:requestBodyProcessor=JSON"
    """#

  /// What could not be read was not inspected, so it is refused.
  private static let parsing = #"""
    SecRule REQBODY_ERROR "!@eq 0" \
      "id:4990002,phase:2,deny,status:400,log,t:none,severity:'CRITICAL',\
      msg:'The request body can not be read',logdata:'%{REQBODY_ERROR_MSG}'"
    SecRule MULTIPART_STRICT_ERROR "!@eq 0" \
      "id:4990003,phase:2,deny,status:400,log,t:none,severity:'CRITICAL',\
      msg:'The multipart body is not strictly well-formed',\
      logdata:'processor error %{REQBODY_PROCESSOR_ERROR}, boundary quoted %{MULTIPART_BOUNDARY_QUOTED}, \
      boundary whitespace %{MULTIPART_BOUNDARY_WHITESPACE}, data before %{MULTIPART_DATA_BEFORE}, \
      data after %{MULTIPART_DATA_AFTER}, header folding %{MULTIPART_HEADER_FOLDING}, bare LF %{MULTIPART_LF_LINE}, \
      missing semicolon %{MULTIPART_MISSING_SEMICOLON}, invalid quoting %{MULTIPART_INVALID_QUOTING}, \
      invalid part %{MULTIPART_INVALID_PART}, invalid folding %{MULTIPART_INVALID_HEADER_FOLDING}, \
      too many files %{MULTIPART_FILE_LIMIT_EXCEEDED}'"
    SecRule MULTIPART_UNMATCHED_BOUNDARY "@eq 1" \
      "id:4990004,phase:2,deny,status:400,log,t:none,severity:'CRITICAL',\
      msg:'The multipart body may hold a boundary that was not taken for one'"
    SecRule &ARGS "@ge 1000" \
      "id:4990005,phase:2,deny,status:400,log,t:none,severity:'CRITICAL',\
      msg:'The request has more arguments than are inspected'"
    """#

  /// Comes after the set-up, so that it wins over it.
  ///
  /// - Throws: names and values that can't be written as an action.
  static func variables(_ options: FirewallOptions) throws(RuleIssues) -> String {
    var actions: [String] = []
    for setting in options.variables {
      guard isName(setting.name) else {
        throw issue("`\(setting.name)` is not the name of a variable", "letters, digits, `_`, `-` and `.`")
      }
      guard let value = quoted(setting.value) else {
        throw issue("the value of `\(setting.name)` can't be written in a rule", "no line ends, no `\\` before a quote")
      }
      actions.append("setvar:'tx.\(setting.name)=\(value)'")
    }
    guard !actions.isEmpty else { return "" }
    return "SecAction \"id:\(variablesID),phase:1,pass,nolog,t:none,\(actions.joined(separator: ","))\""
  }

  private static func issue(_ message: String, _ hint: String) -> RuleIssues {
    RuleIssues(issues: [RuleIssue(file: variablesName, line: 1, column: 1, message: message, hint: hint)])
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 200
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
        default: false
        }
      }
  }

  /// A text inside `"…'…'…"`; nil where it can't stand there.
  static func quoted(_ text: String) -> String? {
    var result = ""
    var isEscaped = false
    for character in text.unicodeScalars {
      guard character.value >= 0x20, character.value != 0x7f else { return nil }
      if character == "'" || character == "\"" {
        guard !isEscaped else { return nil }
        result += "\\"
      }
      isEscaped = character == "\\"
      result.unicodeScalars.append(character)
    }
    return isEscaped ? nil : result
  }

  /// Comes after all files: the engine's mode is not theirs to say.
  static func mode(_ options: FirewallOptions) -> String {
    switch options.engine {
    case .on: "SecRuleEngine On"
    case .detectionOnly: "SecRuleEngine DetectionOnly"
    case .off: "SecRuleEngine Off"
    }
  }
}
