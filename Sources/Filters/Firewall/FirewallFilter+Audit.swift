import Firewall
import Proxy
import SecLang
import SluiceModel
import Wire

extension FirewallFilter {
  /// Writes what happened to the audit log, as the configuration wants it.
  func audit(_ exchange: Exchange, _ inspection: Inspection) {
    let log = environment.auditLog
    guard log.target != .off else { return }
    let transaction = inspection.transaction
    let isRelevant =
      transaction.matches.contains { $0.isLogged || $0.score != 0 } || transaction.intervention != nil
      || transaction.detectedIntervention != nil || inspection.outcome != nil
    guard isRelevant || log.record == .all else { return }
    var entry = AuditEntry()
    entry.write(exchange, inspection, parts: Set(log.parts), mode: configuration.mode)
    environment.audit(entry.json.bytes.span)
  }
}

/// An entry of the audit log: the exchange as ModSecurity's JSON format has it, with its id and the rules that log once
/// more in short.
struct AuditEntry {
  /// Past these lengths of the line no more rules, fields or messages are added; bodies are cut.
  private static let ruleBytes = 256 << 10
  private static let fieldBytes = 448 << 10
  private static let messageBytes = 640 << 10
  private static let bodyBytes = 16 << 10

  var json = JSONText()

  mutating func write(_ exchange: Exchange, _ inspection: Inspection, parts: Set<AuditPart>, mode: FirewallMode) {
    let transaction = inspection.transaction
    json.begin(0x7b)
    json.member("id", exchange.id.description)
    if parts.contains(.rules) { writeRules(transaction) }
    json.key("transaction")
    json.begin(0x7b)
    json.member("client_ip", exchange.client.description)
    json.member("client_port", Int(exchange.clientPort))
    json.member("time_stamp", DateStamp.text(unixMilliseconds: exchange.id.unixMilliseconds))
    json.member("unique_id", exchange.id.description)
    if let route = exchange.routeName { json.member("route", route.text) }
    writeRequest(exchange, inspection, parts)
    writeResponse(exchange, inspection, parts)
    json.key("producer")
    json.begin(0x7b)
    json.member("modsecurity", "Sluice")
    json.member("connector", "sluice firewall")
    json.member("secrules_engine", mode == .block ? "Enabled" : "DetectionOnly")
    json.key("components")
    json.begin(0x5b)
    json.end(0x5d)
    json.end(0x7d)
    if parts.contains(.rules) { writeMessages(transaction) }
    json.end(0x7d)
    json.end(0x7d)
  }

  // MARK: Rules

  private mutating func writeRules(_ transaction: Transaction) {
    json.key("rules")
    json.begin(0x5b)
    for match in transaction.matches where match.isLogged {
      guard json.bytes.count < Self.ruleBytes else { break }
      json.begin(0x7b)
      json.member("id", match.ruleID)
      json.member("message", Redactor.redact(text(match.message)))
      json.member("data", data(match))
      if let severity = severity(match) { json.member("severity", severity.uppercased()) }
      json.key("targets")
      json.begin(0x5b)
      for target in match.targets { json.element(Redactor.redact(text(target.name))) }
      json.end(0x5d)
      json.end(0x7d)
    }
    json.end(0x5d)
  }

  private mutating func writeMessages(_ transaction: Transaction) {
    json.key("messages")
    json.begin(0x5b)
    for match in transaction.matches where match.isLogged || match.isAudited {
      guard json.bytes.count < Self.messageBytes else { break }
      json.begin(0x7b)
      json.member("message", Redactor.redact(text(match.message)))
      json.key("details")
      json.begin(0x7b)
      json.member("match", match.targets.last.map { "Matched at \(Redactor.redact(text($0.name)))" } ?? "")
      json.member("reference", "")
      json.member("ruleId", String(match.ruleID))
      let place = transaction.place(of: match)
      json.member("file", place?.file ?? "")
      json.member("lineNumber", String(place?.line ?? 0))
      json.member("data", data(match))
      json.member("severity", match.severity.map { String($0) } ?? "")
      json.key("tags")
      json.begin(0x5b)
      for tag in transaction.tags(of: match).prefix(32) { json.element(tag) }
      json.end(0x5d)
      json.end(0x7d)
      json.end(0x7d)
    }
    json.end(0x5d)
  }

  /// `logdata` holds what matched: when the name of that says that it's a secret, all of it is one.
  private func data(_ match: SecLang.RuleMatch) -> String {
    var data = text(match.data)
    for target in match.targets where !data.isEmpty {
      let name = text(target.name)
      guard let colon = name.firstIndex(of: ":") else { continue }
      let selector = String(name[name.index(after: colon)...])
      if name.hasPrefix("REQUEST_COOKIES:") { return Redactor.mark }
      data = Redactor.value(data, of: selector)
    }
    return Redactor.redact(data)
  }

  private func severity(_ match: SecLang.RuleMatch) -> String? {
    match.severity.flatMap { FirewallFilter.severities.indices.contains($0) ? FirewallFilter.severities[$0] : nil }
  }

  // MARK: The exchange

  private mutating func writeRequest(_ exchange: Exchange, _ inspection: Inspection, _ parts: Set<AuditPart>) {
    let head = exchange.request
    let bytes = exchange.requestBytes
    json.key("request")
    json.begin(0x7b)
    json.member("method", exchange.method)
    json.key("http_version")
    json.raw(head.minorVersion == 0 ? "1.0" : "1.1")
    json.member("uri", Redactor.redact(text(bytes[(head.methodLength + 1)..<head.targetRange.upperBound])))
    if parts.contains(.requestHead) { write(head.fields, bytes) }
    if parts.contains(.requestBody), let body = inspection.keptRequestBody { write(body) }
    json.end(0x7d)
  }

  private mutating func writeResponse(_ exchange: Exchange, _ inspection: Inspection, _ parts: Set<AuditPart>) {
    json.key("response")
    json.begin(0x7b)
    json.member("http_code", exchange.status)
    if parts.contains(.replyHead), !exchange.replyBytes.isEmpty { write(exchange.reply.fields, exchange.replyBytes) }
    if parts.contains(.replyBody), let body = inspection.keptReplyBody { write(body) }
    json.end(0x7d)
  }

  private mutating func write(_ fields: [HeaderField], _ bytes: [UInt8]) {
    json.key("headers")
    json.begin(0x7b)
    for field in fields where json.bytes.count < Self.fieldBytes {
      let name = text(bytes[field.nameRange])
      json.member(name, Redactor.value(text(bytes[field.valueRange]), of: name))
    }
    json.end(0x7d)
  }

  private mutating func write(_ body: HeldBody) {
    let text = body.withBytes { bytes in
      bytes.extracting(first: Self.bodyBytes).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
    json.member("body", Redactor.redact(text))
  }

  private func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Writes JSON piece by piece (RFC 8259).
struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  mutating func key(_ name: String) {
    separate()
    string(name)
    bytes.append(0x3a)
    needsComma = false
  }

  mutating func member(_ name: String, _ value: String) {
    key(name)
    element(value)
  }

  mutating func member(_ name: String, _ value: Int) {
    key(name)
    raw(String(value))
  }

  mutating func element(_ value: String) {
    separate()
    string(value)
    needsComma = true
  }

  mutating func raw(_ text: String) {
    separate()
    bytes += text.utf8
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(0x2c) }
    needsComma = false
  }

  private mutating func string(_ text: String) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5c:
        bytes.append(0x5c)
        bytes.append(byte)
      case 0x0a: bytes += [0x5c, 0x6e]
      case 0x0d: bytes += [0x5c, 0x72]
      case 0x09: bytes += [0x5c, 0x74]
      case 0..<0x20, 0x7f:
        bytes += "\\u00".utf8
        bytes.append(Self.digit(byte >> 4))
        bytes.append(Self.digit(byte & 15))
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 0x30 : value &+ 0x57 }
}

/// `Fri Nov 27 10:52:53 2026`, in UTC.
enum DateStamp {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  static func text(unixMilliseconds: UInt64) -> String {
    let seconds = Int(clamping: unixMilliseconds / 1_000)
    let day = seconds / 86_400
    let time = seconds % 86_400
    // Days from 1 March of the year 0, in eras of 400 years.
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 2 : shiftedMonth - 10
    let year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0)
    let clock = "\(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))"
    return "\(days[day % 7]) \(months[month]) \(two(dayOfMonth)) \(clock) \(year)"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
