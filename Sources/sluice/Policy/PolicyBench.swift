import ArgumentParser
import Cedar

/// `sluice policy bench`: what a decision costs. `make bench ARGUMENTS='--only cedar'` runs it.
struct PolicyBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure what a decision costs.",
    discussion: """
      Decides the requests of a file, which is an array, again and again on one thread, in the form that the data path \
      uses: each request is put together from its bytes. Prints JSON. Allocations are counted when the library of \
      Benchmarks/cedar/counters.c is preloaded.
      """,
    shouldDisplay: false)

  @OptionGroup var policies: PoliciesOption

  @Option(help: ArgumentHelp("Entities, as JSON.", valueName: "file"))
  var entities: String

  @Option(help: ArgumentHelp("An array of requests, as JSON.", valueName: "file"))
  var requests: String

  @Option(help: "CPU seconds to measure.")
  var seconds = 2.0

  @Option(help: "Decide so many times instead of for a time.")
  var decisions: Int?

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else { throw ValidationError("`--seconds` takes up to 3600") }
    if let decisions, decisions < 1 { throw ValidationError("`--decisions` takes 1 or more") }
  }

  func run() throws {
    let files = try policies.paths.map(PolicyFile.read)
    let entities = try PolicyFile.read(entities)
    let requests = try PolicyFile.read(requests)
    let report: DecisionBench.Report
    do throws(PolicyProblem) {
      let start = BenchClock.nanoseconds
      let store = try PolicyInput.entities(entities.bytes, file: entities.name, schema: nil)
      let set = try PolicyCollection(files).set
      let engine = try PolicyEvaluation.engine(set, store, files.first?.name ?? "")
      let loaded = BenchClock.nanoseconds - start
      var bench = DecisionBench(engine, try Self.requests(requests))
      report = bench.run(seconds: seconds, decisions: decisions, loadNanoseconds: loaded)
    } catch {
      throw Failure(error.text)
    }
    Terminal.print(try PolicyCommand.json(report))
  }

  private static func requests(_ file: PolicyFile) throws(PolicyProblem) -> [Request] {
    do {
      let nodes = try JSONReader.read(file.bytes).elements(of: "the requests")
      return try nodes.map { node throws(SyntaxError) in
        try RequestReader.read(Array(node.text().utf8), schema: nil)
      }
    } catch {
      throw PolicyProblem(error, in: file.name)
    }
  }
}
