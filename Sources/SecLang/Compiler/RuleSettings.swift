/// What the `Sec…` directives other than rules say.
public struct RuleSettings: Sendable {
  /// `SecRuleEngine`.
  public var engine = EngineMode.on
  /// `SecRequestBodyAccess`.
  public var inspectsRequestBodies = false
  /// `SecRequestBodyLimit`, in bytes.
  public var requestBodyLimit = 134_217_728
  /// `SecRequestBodyNoFilesLimit`, in bytes.
  public var requestBodyNoFilesLimit = 1_048_576
  /// `SecRequestBodyLimitAction ProcessPartial`: a body past its limit is inspected as far as the limit.
  public var processesPartialRequestBodies = false
  /// `SecResponseBodyAccess`.
  public var inspectsResponseBodies = false
  /// `SecResponseBodyLimit`, in bytes.
  public var responseBodyLimit = 524_288
  /// `SecResponseBodyLimitAction ProcessPartial`.
  public var processesPartialResponseBodies = true
  /// `SecResponseBodyMimeType`, in lower case.
  public var responseBodyTypes: [String] = ["text/plain", "text/html", "text/xml"]
  /// `SecArgumentsLimit`.
  public var argumentsLimit = 1_000
  /// `SecRequestBodyJsonDepthLimit`.
  public var jsonDepthLimit = 512
  /// `SecArgumentSeparator`.
  public var argumentSeparator = UInt8(ascii: "&")
  /// `SecPcreMatchLimit`; nil for the engine's own.
  public var matchLimit: Int?
  /// `SecUploadFileLimit`.
  public var uploadFileLimit = 100
  /// `SecUploadKeepFiles`.
  public var keepsFileContent = false
  /// `SecWebAppId`.
  public var applicationID = "default"
  /// `SecCollectionTimeout`, in seconds.
  public var collectionTimeoutSeconds = 3_600
  /// `SecUnicodeMapFile`, as named in the rules, and the code page.
  public var unicodeMap: (file: String, codePage: Int)?
  /// Where the directive stands.
  var unicodeMapPosition: SourcePosition?
  /// `SecAuditEngine`.
  var auditEngine = AuditMode.relevantOnly
  /// `SecAuditLogRelevantStatus`.
  public var auditRelevantStatus: [UInt8]?
  /// `SecAuditLogParts`, such as `ABIJDEFHZ`.
  public var auditParts: [UInt8] = Array("ABIJDEFHZ".utf8)

  public init() {}

  /// Takes a directive over.
  /// - Returns: why its value can't be used; nil when all is well.
  mutating func apply(_ name: String, _ arguments: [String], at position: SourcePosition) -> String? {
    let value = arguments.first ?? ""
    let lower = value.lowercased()
    switch name.lowercased() {
    case "secruleengine":
      guard let mode = Self.engineMode(lower) else { return "expected `On`, `Off` or `DetectionOnly`" }
      engine = mode
    case "secrequestbodyaccess": inspectsRequestBodies = lower == "on"
    case "secresponsebodyaccess": inspectsResponseBodies = lower == "on"
    case "secrequestbodylimit": return Self.take(value, into: &requestBodyLimit)
    case "secrequestbodynofileslimit": return Self.take(value, into: &requestBodyNoFilesLimit)
    case "secrequestbodylimitaction": processesPartialRequestBodies = lower == "processpartial"
    case "secresponsebodylimit": return Self.take(value, into: &responseBodyLimit)
    case "secresponsebodylimitaction": processesPartialResponseBodies = lower == "processpartial"
    case "secresponsebodymimetype": responseBodyTypes = arguments.map { $0.lowercased() }
    case "secresponsebodymimetypesclear": responseBodyTypes = []
    case "secargumentslimit": return Self.take(value, into: &argumentsLimit)
    case "secrequestbodyjsondepthlimit": return Self.take(value, into: &jsonDepthLimit)
    case "secargumentseparator":
      guard let byte = value.utf8.first, value.utf8.count == 1 else { return "expected one character" }
      argumentSeparator = byte
    case "secpcrematchlimit":
      var limit = 0
      if let problem = Self.take(value, into: &limit) { return problem }
      matchLimit = limit
    case "secuploadfilelimit": return Self.take(value, into: &uploadFileLimit)
    case "secuploadkeepfiles": keepsFileContent = lower == "on"
    case "secwebappid": applicationID = value
    case "seccollectiontimeout": return Self.take(value, into: &collectionTimeoutSeconds)
    case "secunicodemapfile":
      guard arguments.count == 2, let page = Int(arguments[1]) else { return "expected a file and a code page" }
      unicodeMap = (value, page)
      unicodeMapPosition = position
    case "secauditengine":
      auditEngine = lower == "on" ? .on : lower == "off" ? .off : .relevantOnly
    case "secauditlogrelevantstatus": auditRelevantStatus = Array(value.utf8)
    case "secauditlogparts": auditParts = Array(value.utf8)
    case "secxmlexternalentity":
      guard lower == "off" else { return "external entities are never loaded here; only `Off` is possible" }
    case "sechashengine":
      guard lower == "off" else { return "hash checks of links are not part of this engine; only `Off` is possible" }
    default: break
    }
    return nil
  }

  static func engineMode(_ text: String) -> EngineMode? {
    switch text {
    case "on": .on
    case "off": .off
    case "detectiononly": .detectionOnly
    default: nil
    }
  }

  private static func take(_ text: String, into value: inout Int) -> String? {
    guard let number = Int(text), number >= 0, number <= 1 << 40 else { return "expected a number, got `\(text)`" }
    value = number
    return nil
  }
}
