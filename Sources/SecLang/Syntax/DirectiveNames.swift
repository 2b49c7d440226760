/// The directives of ModSecurity 2, ModSecurity 3 and Coraza.
enum DirectiveNames {
  /// The directives that have a syntax of their own.
  enum Form: String, CaseIterable {
    case include = "Include"
    case includeOptional = "IncludeOptional"
    case rule = "SecRule"
    case action = "SecAction"
    case marker = "SecMarker"
    case defaultAction = "SecDefaultAction"
    case removeByID = "SecRuleRemoveById"
    case removeByTag = "SecRuleRemoveByTag"
    case removeByMessage = "SecRuleRemoveByMsg"
    case updateTargetByID = "SecRuleUpdateTargetById"
    case updateTargetByTag = "SecRuleUpdateTargetByTag"
    case updateTargetByMessage = "SecRuleUpdateTargetByMsg"
    case updateActionByID = "SecRuleUpdateActionById"
  }

  /// What the arguments of a setting look like.
  enum Arguments {
    /// One of these words, in whatever case; the statement has it as it is spelled here.
    case choice([String])
    case number(ClosedRange<Int>)
    /// One argument of any text.
    case text
    /// One path that is no pipe into a program.
    case path
    /// Any number of words but none.
    case words
    case nothing
    /// One byte.
    case separator
    /// An octal mode or `default`.
    case mode
    /// Letters of audit log parts.
    case auditParts
    /// A file and, optionally, a code page.
    case unicodeMap
    /// A name and what stands between backticks.
    case dataset
    /// Only `Off`: what `On` would do, and why it can't be.
    case off(String)
  }

  enum Kind {
    case form(Form)
    case setting(String, Arguments)
    /// Never accepted: the documented name, and why.
    case refused(String, String)
  }

  /// By their names in lower case.
  static let known: [String: Kind] = {
    var result: [String: Kind] = [:]
    for form in Form.allCases { result[form.rawValue.lowercased()] = .form(form) }
    for (name, arguments) in settings { result[name.lowercased()] = .setting(name, arguments) }
    for (name, reason) in refused { result[name.lowercased()] = .refused(name, reason) }
    for (alias, name) in aliases { result[alias.lowercased()] = result[name.lowercased()] }
    return result
  }()

  /// As they are written, for suggestions.
  static let spellings: [String] = Form.allCases.map(\.rawValue) + settings.map(\.0)

  private static let onOff = Arguments.choice(["On", "Off"])
  private static let size = Arguments.number(0...1 << 40)

  private static let settings: [(String, Arguments)] = [
    ("SecArgumentSeparator", .separator),
    ("SecArgumentsLimit", .number(1...1_000_000)),
    ("SecAuditEngine", .choice(["On", "Off", "RelevantOnly"])),
    ("SecAuditLog", .path),
    ("SecAuditLog2", .path),
    ("SecAuditLogDirMode", .mode),
    ("SecAuditLogFileMode", .mode),
    ("SecAuditLogFormat", .choice(["JSON", "Native", "JsonLegacy", "OCSF"])),
    ("SecAuditLogParts", .auditParts),
    ("SecAuditLogRelevantStatus", .text),
    ("SecAuditLogStorageDir", .path),
    ("SecAuditLogType", .choice(["Serial", "Concurrent", "Parallel", "HTTPS", "Syslog"])),
    ("SecCacheTransformations", .words),
    ("SecCollectionTimeout", .number(0...1 << 40)),
    ("SecComponentSignature", .text),
    ("SecContentInjection", onOff),
    ("SecCookieFormat", .number(0...1)),
    ("SecCookieV0Separator", .separator),
    ("SecDataDir", .path),
    ("SecDataset", .dataset),
    ("SecDebugLog", .path),
    ("SecDebugLogLevel", .number(0...9)),
    ("SecDisableBackendCompression", onOff),
    ("SecGeoLookupDb", .path),
    ("SecHttpBlKey", .text),
    ("SecInterceptOnError", onOff),
    ("SecParseXmlIntoArgs", .choice(["On", "Off", "OnlyArgs"])),
    ("SecPcreMatchLimit", size),
    ("SecPcreMatchLimitRecursion", size),
    ("SecRemoteRulesFailAction", .choice(["Abort", "Warn"])),
    ("SecRequestBodyAccess", onOff),
    ("SecRequestBodyInMemoryLimit", size),
    ("SecRequestBodyJsonDepthLimit", .number(0...1_000_000)),
    ("SecRequestBodyLimit", size),
    ("SecRequestBodyLimitAction", .choice(["Reject", "ProcessPartial"])),
    ("SecRequestBodyNoFilesLimit", size),
    ("SecRequestEncoding", .text),
    ("SecResponseBodyAccess", onOff),
    ("SecResponseBodyLimit", size),
    ("SecResponseBodyLimitAction", .choice(["Reject", "ProcessPartial"])),
    ("SecResponseBodyMimeType", .words),
    ("SecResponseBodyMimeTypesClear", .nothing),
    ("SecRuleEngine", .choice(["On", "Off", "DetectionOnly"])),
    ("SecRuleInheritance", onOff),
    ("SecRulePerfTime", size),
    ("SecSensorId", .text),
    ("SecServerSignature", .text),
    ("SecStatusEngine", onOff),
    ("SecTmpDir", .path),
    ("SecTmpSaveUploadedFiles", onOff),
    ("SecUnicodeCodePage", .number(0...100_000)),
    ("SecUnicodeMapFile", .unicodeMap),
    ("SecUploadDir", .path),
    ("SecUploadFileLimit", .number(0...1_000_000)),
    ("SecUploadFileMode", .mode),
    ("SecUploadKeepFiles", .choice(["On", "Off", "RelevantOnly"])),
    ("SecWebAppId", .text),
    ("SecConnEngine", .off("limits on connections belong to the listener")),
    ("SecHashEngine", .off("links and forms in responses are not signed here")),
    ("SecIgnoreRuleCompilationErrors", .off("a rule that can't be used is always an error")),
    ("SecStreamInBodyInspection", .off("bodies are inspected through `REQUEST_BODY`")),
    ("SecStreamOutBodyInspection", .off("bodies are inspected through `RESPONSE_BODY`")),
    ("SecXmlExternalEntity", .off("external entities would read files or the network")),
  ]

  private static let refused: [(String, String)] = [
    ("SecRuleScript", "it would run a script"),
    ("SecRemoteRules", "it would load rules over the network"),
    ("SecGuardianLog", "it would write to a program"),
    ("SecGsbLookupDb", "`@gsbLookup` would send addresses of pages over the network"),
    ("SecChrootDir", "the folder of the process is a matter of the service that starts it"),
    ("SecConnReadStateLimit", "limits on connections belong to the listener"),
    ("SecConnWriteStateLimit", "limits on connections belong to the listener"),
    ("SecReadStateLimit", "limits on connections belong to the listener"),
    ("SecWriteStateLimit", "limits on connections belong to the listener"),
    ("SecHashKey", "links and forms in responses are not signed here"),
    ("SecHashParam", "links and forms in responses are not signed here"),
    ("SecHashMethodRx", "links and forms in responses are not signed here"),
    ("SecHashMethodPm", "links and forms in responses are not signed here"),
  ]

  /// Other names for the same.
  private static let aliases: [(String, String)] = [
    ("SecAuditLogDir", "SecAuditLogStorageDir"),
    ("SecUnicodeMap", "SecUnicodeMapFile"),
    ("SecRuleUpdateTargetByMessage", "SecRuleUpdateTargetByMsg"),
    ("SecRuleRemoveByMessage", "SecRuleRemoveByMsg"),
  ]
}
