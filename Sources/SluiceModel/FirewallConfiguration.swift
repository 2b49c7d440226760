/// Where a firewall's rules come from.
public enum FirewallRules: Sendable, Hashable {
  /// The OWASP core rule set as the system's package `modsecurity-crs` installs it.
  case installed
  /// A file of rules, or the folder of a release of the core rule set.
  case path(String)
}

public enum FirewallMode: String, Sendable, Codable, CaseIterable {
  case block, detect, off
}

/// What happens to a body that is longer than what the firewall inspects.
public enum FirewallOverLimit: String, Sendable, Codable, CaseIterable {
  /// A request is answered 413, a reply is replaced by a 502.
  case reject
  /// Its beginning is inspected and the rest passes.
  case partial
}

/// Which request bodies are inspected, and how much of them.
public struct FirewallRequestBody: Sendable, Hashable {
  public var inspect = true
  /// Bytes of a body that are held and inspected, uploaded files included.
  public var limitBytes = 8 << 20
  /// Bytes of a body without its uploaded files.
  public var fieldsLimitBytes = 128 << 10
  public var overLimit: FirewallOverLimit = .reject
  /// Bytes of bodies held at a time on one event loop; past it `onError` decides.
  public var memoryBytes = 128 << 20

  public init() {}
}

/// Which reply bodies are inspected, and how much of them.
public struct FirewallResponseBody: Sendable, Hashable {
  public var inspect = false
  /// Media types, in lower case and without parameters.
  public var types = ["text/plain", "text/html", "text/xml", "application/json", "application/xml"]
  public var limitBytes = 512 << 10
  public var overLimit: FirewallOverLimit = .partial

  public init() {}
}

/// Whether messages of upgraded connections are inspected.
public struct FirewallMessages: Sendable, Hashable {
  public var inspect = false
  /// Bytes of one message; a longer one closes the connection with code 1009.
  public var limitBytes = 64 << 10

  public init() {}
}

/// What rules are left out, and where.
public struct FirewallExclusion: Sendable, Hashable {
  public enum Subject: Sendable, Hashable {
    case rules(ClosedRange<Int>)
    case tag(String)
  }

  public var subject: Subject
  /// Nil means every path.
  public var path: PathMatch?
  /// What the rules don't look at any more, such as `ARGS:comment`; nil leaves the rules out as a whole.
  public var target: String?
  /// Why, for people.
  public var comment: String?

  public init(
    _ subject: Subject, path: PathMatch? = nil, target: String? = nil, comment: String? = nil
  ) {
    self.subject = subject
    self.path = path
    self.target = target
    self.comment = comment
  }
}

/// A variable of the collection `TX` that is set before the rules run.
public struct FirewallSetting: Sendable, Hashable {
  /// In lower case.
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// The web application firewall: rules in the language of ModSecurity, by default the OWASP core rule set.
public struct FirewallFilterConfiguration: Sendable, Hashable {
  public var rules: [FirewallRules] = [.installed]
  public var mode: FirewallMode = .block
  /// The paranoia level whose rules count towards blocking, 1 to 4.
  public var paranoia = 1
  /// The paranoia level whose rules are run and reported; nil means that of `paranoia`.
  public var detectionParanoia: Int?
  /// Scores from which a request or a reply is refused.
  public var inboundThreshold = 5
  public var outboundThreshold = 4
  public var requestBody = FirewallRequestBody()
  public var responseBody = FirewallResponseBody()
  public var webSocketMessages = FirewallMessages()
  /// Rules that run after the set-up and before `rules`.
  public var customRules = ""
  /// Rules that run after `rules`.
  public var rulesAfter = ""
  public var exclusions: [FirewallExclusion] = []
  public var set: [FirewallSetting] = []
  /// What happens when the rules can't decide: `deny` or `allow`.
  public var onError: FailureMode = .deny
  /// How long the rules may work on one exchange in all; past it `onError` decides.
  public var timeBudget: Duration = .milliseconds(500)
  /// Past it an exchange's inspection is reported as slow; nothing else happens.
  public var latencyBudget: Duration?
  /// The body of a refusal: HTML in UTF-8, in which `{{id}}` stands for the exchange's id.
  public var blockPage: FileContent?
  public var blockStatus = 403

  public init() {}
}

/// What an entry of the audit log holds beside the exchange's numbers and names.
public enum AuditPart: String, Sendable, Codable, CaseIterable {
  case requestHead, requestBody, replyHead, replyBody, rules
}

/// Which exchanges the audit log keeps.
public enum AuditRecording: String, Sendable, Codable, CaseIterable {
  /// Those in which a rule scored or decided.
  case relevant
  /// Every one that a firewall has inspected.
  case all
}

/// The firewall's audit log: one line of JSON per exchange.
public struct AuditLogConfiguration: Sendable, Equatable {
  public var target: LogTarget
  public var parts: [AuditPart] = [.requestHead, .replyHead, .rules]
  public var record: AuditRecording = .relevant

  public init(target: LogTarget = .off) { self.target = target }
}
