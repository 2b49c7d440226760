import ArgumentParser
import Firewall
import Foundation
import Glibc
import SecLang

/// `sluice firewall test`: do the rules find what their tests say?
struct FirewallTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run regression tests of rules: the YAML format of the OWASP core rule set.",
    discussion: """
      The tests run in this process, in the set-up that the core rule set's own runs have: detection only, paranoia \
      level 4, up to 255 arguments with names of 100 and values of 400 bytes and 6,400 bytes in all, files up to \
      64,100 and 65,535 bytes in all, bodies of replies inspected, and a backend that answers 200 to anything and \
      `POST /reflect` as told. --set changes a variable of it.

      With --through, the same requests go to a running gate, in front of `sluice firewall backend`, and --events \
      names the file of JSON lines in which the gate says which rules matched.

      What breaks HTTP never comes to a rule: the gate refuses it. Such tests are listed, and count as passed.

      Examples:
        sluice firewall test --rules coreruleset --tests coreruleset/tests/regression/tests
        sluice firewall test --rules coreruleset --tests tests --only 942100 941110-3 --verbose
        sluice firewall test --tests tests --through http://127.0.0.1:8080 --events logs/audit.jsonl
      """)

  @OptionGroup var rules: RulesOption

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Tests: a folder that is searched, or a file.", valueName: "path"))
  var tests: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "A variable of the rules, such as BLOCKING_PARANOIA=1 or arg_length=800.", valueName: "name=value"))
  var set: [String] = []

  @Option(help: ArgumentHelp("A running gate to send the requests to: http://HOST:PORT.", valueName: "url"))
  var through: String?

  @Option(help: ArgumentHelp("The gate's file of JSON lines with the rules that matched.", valueName: "file"))
  var events: String?

  @Option(help: "How many tests run at a time. (default: one for each processor)")
  var jobs: Int?

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Only these: ids of rules or of tests.", valueName: "id"))
  var only: [String] = []

  @Flag(help: "Print every test with the rules that matched.")
  var verbose = false

  @OptionGroup var output: JSONOption

  func validate() throws {
    if tests.isEmpty { throw ValidationError("name the tests: --tests PATH") }
    if through == nil, rules.paths.isEmpty { throw ValidationError("name the rules: --rules PATH") }
    if (through == nil) != (events == nil) { throw ValidationError("`--through` and `--events` go together") }
    if through != nil, !set.isEmpty { throw ValidationError("`--set` does not reach a running gate") }
    if let through, GateAddress(through) == nil {
      throw ValidationError("`\(Terminal.safe(through))` is no address of a gate; write `http://HOST:PORT`")
    }
    if let jobs, !(1...256).contains(jobs) { throw ValidationError("`--jobs` takes 1 to 256") }
    var options = FirewallOptions()
    for text in set where !RegressionSetup.apply(text, to: &options) {
      throw ValidationError("`\(Terminal.safe(text))` is no setting; write `NAME=VALUE`")
    }
  }

  func run() async throws {
    let selected = try select()
    let jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    let total = selected.count
    let showsProgress = isatty(STDERR_FILENO) == 1 && !output.json
    let progress: @Sendable (Int) -> Void = { done in
      if showsProgress, done % 64 == 0 { Terminal.write("\r\(done) of \(total)", to: STDERR_FILENO) }
    }
    let results: [RegressionResult]
    if let address = through.flatMap(GateAddress.init), let events {
      results = try await GateRun(address: address, events: events).run(selected, jobs: jobs, progress: progress)
    } else {
      let set = try load()
      results = await RegressionRun.run(selected, rules: set, jobs: jobs, progress: progress)
    }
    if showsProgress { Terminal.write("\r\u{1b}[K", to: STDERR_FILENO) }
    let report = RegressionReport(results)
    Terminal.print(output.json ? try report.json() : report.text(verbose: verbose))
    if report.failed > 0 { throw ExitCode(ExitStatus.input) }
  }

  private func load() throws -> RuleSet {
    var options = RegressionSetup.options
    for text in set { _ = RegressionSetup.apply(text, to: &options) }
    do throws(RuleIssues) {
      return try FirewallLoader.load(rules.sources, options: options).set
    } catch {
      Terminal.complain(error.text)
      throw ExitCode(ExitStatus.input)
    }
  }

  private func select() throws -> [RegressionTest] {
    var found: [RegressionTest] = []
    for path in try tests.flatMap(RegressionFile.find) { found += try RegressionFile.read(path) }
    guard !found.isEmpty else {
      throw Failure("there are no tests in \(tests.map { "`\(Terminal.safe($0))`" }.joined(separator: ", "))")
    }
    guard !only.isEmpty else { return found }
    let wanted = Set(only)
    let selected = found.filter { wanted.contains(String($0.rule)) || wanted.contains($0.id) }
    guard !selected.isEmpty else {
      throw Failure("no test is named by `--only`", hint: "an id such as 942100 or 942100-3")
    }
    return selected
  }
}
