import ArgumentParser
import Firewall
import SecLang

/// `sluice firewall check`: are the rules right?
struct FirewallCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read and compile rules, and report what is wrong or has no effect.",
    discussion: """
      Errors go to standard error as `file:line:column: message` with a hint; notices tell of rules that can never \
      match here. The exit status is 1 when there is an error.

      Examples:
        sluice firewall check --rules crs
        sluice firewall check --rules crs my-rules.conf --json | jq .phases
      """)

  @OptionGroup var rules: RulesOption
  @OptionGroup var output: JSONOption

  func validate() throws {
    if rules.paths.isEmpty { throw ValidationError("name the rules: --rules PATH") }
  }

  func run() throws {
    let start = SystemTime.nanoseconds()
    do throws(RuleIssues) {
      let loaded = try FirewallLoader.load(rules.sources, options: FirewallOptions())
      let milliseconds = Int((SystemTime.nanoseconds() - start) / 1_000_000)
      try? report(loaded, milliseconds)
    } catch {
      if output.json {
        let report = FirewallCheckReport(ok: false, issues: error.issues.map(RuleIssueReport.init))
        Terminal.print(try FirewallCommand.json(report))
      } else {
        Terminal.complain(error.text)
      }
      throw ExitCode(ExitStatus.input)
    }
  }

  private func report(_ loaded: LoadedRules, _ milliseconds: Int) throws {
    if output.json {
      Terminal.print(try FirewallCommand.json(FirewallCheckReport(loaded, milliseconds: milliseconds)))
      return
    }
    for notice in loaded.set.notices { Terminal.complain("note: " + notice.text) }
    Terminal.print(Self.text(loaded, milliseconds))
  }

  private static func text(_ loaded: LoadedRules, _ milliseconds: Int) -> String {
    let counts = loaded.counts
    func line(_ title: String, _ numbers: [Int: Int]) -> String {
      "  \(title)  " + numbers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "  ")
    }
    var lines = [
      "ok: \(counts.rules) rules from \(loaded.files.count) files, compiled in \(milliseconds) ms",
      line("phase    ", counts.phases),
    ]
    if !counts.paranoiaLevels.isEmpty { lines.append(line("paranoia ", counts.paranoiaLevels)) }
    return lines.joined(separator: "\n")
  }
}

/// What `sluice firewall check --json` prints.
struct FirewallCheckReport: Encodable {
  var ok: Bool
  var issues: [RuleIssueReport] = []
  var notices: [RuleIssueReport] = []
  var rules: Int?
  var phases: [String: Int]?
  var paranoiaLevels: [String: Int]?
  var files: [String]?
  var digest: String?
  var milliseconds: Int?

  init(ok: Bool, issues: [RuleIssueReport]) {
    self.ok = ok
    self.issues = issues
  }

  init(_ loaded: LoadedRules, milliseconds: Int) {
    func named(_ numbers: [Int: Int]) -> [String: Int] {
      Dictionary(uniqueKeysWithValues: numbers.map { (String($0.key), $0.value) })
    }
    ok = true
    notices = loaded.set.notices.map(RuleIssueReport.init)
    rules = loaded.counts.rules
    phases = named(loaded.counts.phases)
    paranoiaLevels = named(loaded.counts.paranoiaLevels)
    files = loaded.files
    digest = loaded.digest
    self.milliseconds = milliseconds
  }
}
