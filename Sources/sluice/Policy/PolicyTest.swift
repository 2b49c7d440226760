import ArgumentParser
import Foundation
import Glibc

/// `sluice policy test`: does the engine agree with a corpus?
struct PolicyTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run a corpus of Cedar: the format of cedar-policy/cedar-integration-tests.",
    discussion: """
      PATH is a folder, a .tar or a .tar.gz with cases: JSON files that name policies, entities and a schema beside them, \
      and say what comes of them. An archive is read in memory, nothing is unpacked.

      Of each case one thing is counted for its policies (are they valid for the schema or not, as `shouldValidate` says) \
      and one for each request: its decision, the policies that decided, those that failed, and, where `validateRequest` \
      says so, that it fits the schema. Wrong policies, entities or a wrong schema fail all of a case.

      Examples:
        sluice policy test corpus-tests.tar.gz
        sluice policy test cedar-integration-tests/corpus-tests --only 0004f269f4adbd7ba891e8866706a6a6924a42c9
      """)

  @Argument(help: "The corpus.")
  var path: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Only these cases: names of their files, without `.json`.", valueName: "id"))
  var only: [String] = []

  @Option(help: "How many cases run at a time. (default: one for each processor)")
  var jobs: Int?

  @OptionGroup var output: JSONOption

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) { throw ValidationError("`--jobs` takes 1 to 256") }
  }

  func run() throws {
    let files = try CorpusFiles(path)
    let cases = CorpusCase.paths(in: files, only: Set(only))
    guard !cases.isEmpty else {
      throw Failure(
        "there are no cases in `\(Terminal.safe(path))`",
        hint: only.isEmpty ? "a case is a JSON file with `policies`, `entities` and `requests`" : "none has such a name"
      )
    }
    let showsProgress = isatty(STDERR_FILENO) == 1 && !output.json
    let report = CorpusRun.run(
      cases, of: files, jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount
    ) { done in
      if showsProgress, done % 64 == 0 { Terminal.write("\r\(done) of \(cases.count)", to: STDERR_FILENO) }
    }
    if showsProgress { Terminal.write("\r\u{1b}[K", to: STDERR_FILENO) }
    Terminal.print(output.json ? try PolicyCommand.json(report) : report.text)
    if report.failed > 0 { throw ExitCode(ExitStatus.input) }
  }
}
