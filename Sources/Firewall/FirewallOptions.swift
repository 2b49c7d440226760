package import SecLang
package import SluiceModel

/// What a rule set is loaded with, beside its files.
package struct FirewallOptions: Sendable {
  /// Holds whatever the files say.
  package var engine = EngineMode.on
  /// The paranoia level that counts towards blocking; nil leaves it to the rules' set-up.
  package var paranoia: Int?
  /// The paranoia level that runs; nil means that of `paranoia`.
  package var detectionParanoia: Int?
  package var inboundThreshold: Int?
  package var outboundThreshold: Int?
  package var requestBody = FirewallRequestBody()
  package var responseBody = FirewallResponseBody()
  /// Variables of `TX`; they win over what the rules' set-up says.
  package var set: [FirewallSetting] = []
  /// Rules that run after the set-up and before the rules.
  package var customRules = ""
  /// Rules that run after the rules.
  package var rulesAfter = ""
  package var exclusions: [FirewallExclusion] = []

  package init() {}

  /// What the `firewall` filter is configured with.
  package init(_ filter: FirewallFilterConfiguration) {
    switch filter.mode {
    case .block: engine = .on
    case .detect: engine = .detectionOnly
    case .off: engine = .off
    }
    paranoia = filter.paranoia
    detectionParanoia = filter.detectionParanoia
    inboundThreshold = filter.inboundThreshold
    outboundThreshold = filter.outboundThreshold
    requestBody = filter.requestBody
    responseBody = filter.responseBody
    set = filter.set
    customRules = filter.customRules
    rulesAfter = filter.rulesAfter
    exclusions = filter.exclusions
  }

  /// All variables of `TX` to set, in order. Release 3 of the core rule set names the paranoia levels in its own way.
  var variables: [FirewallSetting] {
    var result: [FirewallSetting] = []
    func add(_ names: [String], _ value: Int?) {
      guard let value else { return }
      result += names.map { FirewallSetting(name: $0, value: String(value)) }
    }
    add(["blocking_paranoia_level", "paranoia_level"], paranoia)
    add(["detection_paranoia_level", "executing_paranoia_level"], detectionParanoia ?? paranoia)
    add(["inbound_anomaly_score_threshold"], inboundThreshold)
    add(["outbound_anomaly_score_threshold"], outboundThreshold)
    return result + set
  }
}
