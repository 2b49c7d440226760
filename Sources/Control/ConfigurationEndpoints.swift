import HTTPTypes
import Hummingbird
import SluiceConfig
import SluiceModel

/// `/v1/config` and `/v1/reload`: what is in force, what would change, and changing it.
enum ConfigurationEndpoints {
  static func show(_ call: AdminCall) async throws -> Response {
    let known = call.head.headerFields[values: .ifNoneMatch].joined(separator: ",").split(separator: ",")
      .map { $0.filter { !$0.isWhitespace } }
    if known.contains("*") || known.contains(call.entityTag) {
      return Response(status: .notModified, headers: [.eTag: call.entityTag])
    }
    return call.raw(
      Array(ConfigurationRendering.json(await call.gateway.configuration()).utf8), headers: [.eTag: call.entityTag])
  }

  static func diff(_ call: AdminCall) async throws -> Response {
    try call.checkIfMatch()
    do {
      // Without a source, the text can neither read this machine's files nor its environment.
      var source = ConfigurationSource.memory()
      source.leavesFilesUnread = true
      let candidate = try ConfigurationLoader.load(
        bytes: Array(call.body.readableBytesView), fileName: "request", source: source)
      var changes = ConfigurationDiff.between(await call.gateway.configuration(), candidate.configuration)
      if call.query["secrets"] == "redacted" { changes = changes.compactMap(withoutSecrets) }
      return try call.json(
        PlannedChanges(
          configurationHash: call.status.configurationHash, candidateHash: candidate.hash, changes: changes,
          warnings: candidate.warnings),
        headers: [.eTag: call.entityTag])
    } catch let errors as ConfigurationErrors {
      throw invalid("the configuration is wrong", errors.issues + errors.warnings)
    }
  }

  static func reload(_ call: AdminCall) async throws -> Response {
    try call.checkIfMatch()
    guard call.status.state == .serving else {
      throw Problem(
        "not-serving", status: 409, title: "the gateway does not take a new configuration now",
        detail: "the gateway is \(call.status.state.rawValue)")
    }
    let outcome = await call.gateway.reload()
    guard outcome.ok else {
      throw invalid("the configuration files are wrong; the configuration in force stays", outcome.issues)
    }
    var headers: HTTPFields = [.eTag: "\"\(outcome.configurationHash)\""]
    if let name = HTTPField.Name("Sluice-Revision") { headers[name] = String(outcome.revision) }
    return try call.json(outcome, headers: headers)
  }

  /// A change without the values that look alike: those are secrets, and the candidate has `<redacted>` in their place.
  private static func withoutSecrets(_ change: ConfigurationChange) -> ConfigurationChange? {
    var change = change
    change.values.removeAll { $0.old == $0.new }
    return change.values.isEmpty && change.kind == .changed ? nil : change
  }

  private static func invalid(_ title: String, _ issues: [ConfigurationIssue]) -> Problem {
    Problem(
      "invalid-configuration", status: 422, title: title, detail: issues.first.map { "\($0)" }, issues: issues)
  }
}
