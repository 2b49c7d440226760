package import Firewall
import SecLang
import SluiceModel

/// The set-up in which the core rule set's own tests run: detection only, paranoia level 4, small limits on arguments
/// and files, bodies of replies inspected. The limits are those of its container set-up and, where that has none, of
/// the rule 900005 in its guide to testing.
package enum RegressionSetup {
  package static var options: FirewallOptions {
    var options = FirewallOptions()
    options.engine = .detectionOnly
    options.paranoia = 4
    options.requestBody.limitBytes = 13_107_200
    options.requestBody.fieldsLimitBytes = 131_072
    options.responseBody.inspect = true
    options.responseBody.types = ["text/plain", "text/html", "text/xml", "application/json"]
    options.set = [
      ("max_num_args", "255"), ("arg_name_length", "100"), ("arg_length", "400"), ("total_arg_length", "6400"),
      ("max_file_size", "64100"), ("combined_file_sizes", "65535"), ("crs_validate_utf8_encoding", "1"),
    ].map { FirewallSetting(name: $0.0, value: $0.1) }
    return options
  }

  /// Names that the core rule set's container images have for variables.
  private static let aliases = [
    "blocking_paranoia": "blocking_paranoia_level", "paranoia": "paranoia_level",
    "detection_paranoia": "detection_paranoia_level", "executing_paranoia": "executing_paranoia_level",
    "anomaly_inbound": "inbound_anomaly_score_threshold", "anomaly_outbound": "outbound_anomaly_score_threshold",
    "validate_utf8_encoding": "crs_validate_utf8_encoding",
  ]

  /// Takes `NAME=VALUE` over: a variable of `TX`, in any case, with or without `tx.`; or the image's name for it.
  ///
  /// - Returns: false when it isn't such a text.
  package static func apply(_ text: String, to options: inout FirewallOptions) -> Bool {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return false }
    var name = text[..<equals].lowercased()
    if name.hasPrefix("tx.") { name.removeFirst(3) }
    name = aliases[name] ?? name
    let value = String(text[text.index(after: equals)...])
    guard let level = Int(value), name.hasSuffix("paranoia_level") else {
      options.set.removeAll { $0.name == name }
      options.set.append(FirewallSetting(name: name, value: value))
      return true
    }
    switch name {
    case "blocking_paranoia_level", "paranoia_level": options.paranoia = level
    case "detection_paranoia_level", "executing_paranoia_level": options.detectionParanoia = level
    default: options.set.append(FirewallSetting(name: name, value: value))
    }
    return true
  }
}
