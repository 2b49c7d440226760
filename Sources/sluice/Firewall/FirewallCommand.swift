import ArgumentParser
import Foundation
import SecLang
import SluiceModel

/// `sluice firewall`: rules of the web application firewall, away from a running gateway.
struct FirewallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firewall",
    abstract: "Check and test the rules of the web application firewall.",
    discussion: """
      Rules are in the language of ModSecurity. A PATH is a file of rules; or the folder of a release of the OWASP \
      core rule set, loaded as `crs-setup.conf` (or `crs-setup.conf.example`), `plugins/*-config.conf`, \
      `plugins/*-before.conf`, `rules/*.conf`, `plugins/*-after.conf`; or `crs`, the core rule set of the system's \
      package `modsecurity-crs`.

      Examples:
        sluice firewall check --rules crs
        sluice firewall test --rules coreruleset --tests coreruleset/tests/regression/tests
      """,
    subcommands: [FirewallCheck.self, FirewallTest.self, FirewallBackend.self])

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// The rules that a subcommand loads.
struct RulesOption: ParsableArguments {
  @Option(
    name: .customLong("rules"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rules: a file, a folder of the core rule set, or `crs` for the installed one.", valueName: "path"))
  var paths: [String] = []

  var sources: [FirewallRules] { paths.map { $0 == "crs" ? .installed : .path($0) } }
}

/// An issue of rules as `--json` prints it.
struct RuleIssueReport: Encodable {
  var file: String
  var line: Int
  var column: Int
  var message: String
  var hint: String?

  init(_ issue: RuleIssue) {
    file = issue.file
    line = issue.line
    column = issue.column
    message = issue.message
    hint = issue.hint
  }
}

extension RuleIssue {
  /// As the command line prints it.
  var text: String {
    Terminal.safe("\(file):\(line):\(column): \(message)") + (hint.map { "\n  hint: " + Terminal.safe($0) } ?? "")
  }
}

extension RuleIssues {
  var text: String {
    (issues.map(\.text) + (omitted > 0 ? ["and \(omitted) more"] : [])).joined(separator: "\n")
  }
}
