import Dispatch
import Firewall
import SecLang
import SluiceConfig
import SluiceModel

/// The rules of firewall filters as the configuration's reader wants them: read and compiled while it checks the file.
enum RuleFilters {
  /// The files and environment of this machine, with rules and policies compiled into `libraries`.
  static func source(_ libraries: Libraries) -> ConfigurationSource {
    var source = ConfigurationSource.system()
    source.checkRules = { check($0, libraries.firewalls) }
    source.checkPolicies = { AccessPolicies.check($0, libraries.access) }
    return source
  }

  /// Reads a configuration on a thread of its own: compiling rules takes a while, and whoever waits has other work.
  ///
  /// - Throws: `ConfigurationErrors`.
  static func load(_ path: String, _ libraries: Libraries) async throws -> LoadedConfiguration {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(
          with: Result { try ConfigurationLoader.load(path: path, source: source(libraries)) })
      }
    }
  }

  private static func check(_ filter: FirewallFilterConfiguration, _ library: FirewallLibrary) -> RuleCheck {
    do throws(RuleIssues) {
      let rules = try library.load(filter)
      return RuleCheck(
        problems: rules.set.notices.map { problem($0, isWarning: true) }, digest: Array(rules.digest.utf8))
    } catch {
      var problems = error.issues.map { problem($0, isWarning: false) }
      if error.omitted > 0 { problems.append(RuleCheck.Problem("\(error.omitted) more in the rules")) }
      return RuleCheck(problems: problems)
    }
  }

  /// What stands in the configuration itself is placed there; what stands in a file of rules names its place.
  private static func problem(_ issue: RuleIssue, isWarning: Bool) -> RuleCheck.Problem {
    switch issue.file {
    case "customRules", "rulesAfter":
      RuleCheck.Problem(
        "line \(issue.line), column \(issue.column): \(issue.message)", hint: issue.hint, key: issue.file,
        isWarning: isWarning)
    case "exclusions":
      RuleCheck.Problem(
        issue.message, hint: issue.hint, key: "exclusions[\(max(0, issue.line - 1))]", isWarning: isWarning)
    case "set": RuleCheck.Problem(issue.message, hint: issue.hint, key: "set", isWarning: isWarning)
    default:
      RuleCheck.Problem(
        "\(issue.file):\(issue.line):\(issue.column): \(issue.message)", hint: issue.hint, key: "rules",
        isWarning: isWarning)
    }
  }
}

extension Configuration {
  /// The firewall filters at work.
  var firewalls: [FirewallFilterConfiguration] {
    (listeners.map(\.filters) + routes.map(\.filters)).joined().compactMap {
      if case .firewall(let settings) = $0, settings.mode != .off { settings } else { nil }
    }
  }
}
