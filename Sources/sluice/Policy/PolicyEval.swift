import ArgumentParser
import Cedar

/// `sluice policy eval`: what would the answer be?
struct PolicyEval: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Decide one request, and tell which policies decided.",
    discussion: """
      Prints JSON: `decision` is Allow or Deny; `reason` has the ids of the policies that decided, `errors` of those that \
      could not be evaluated, `messages` what went wrong. Policies are `policy0`, `policy1` … in the order of their files; \
      `names` has the `@id` of each. \
      A Deny is an answer, with exit status 0. When something can't be read, `decision` is NoDecision, and the exit status 1.

      A request is {"principal": …, "action": …, "resource": …, "context": {…}}; each is an entity, as \
      `Type::"id"` or {"type": "Type", "id": "id"}. With --schema, entities and request are checked against it; the word \
      `built-in` stands for the gate's own.

      A policy that fails is left out, as Cedar says: then a failing `forbid` forbids nothing. With --guarded it denies, as \
      with the `access` filter unless that says `onPolicyError: skip`.

      Examples:
        sluice policy eval --policies plant.cedar --entities plant.json --request request.json
        sluice policy eval --policies plant.cedar --entities plant.json --request request.json --schema built-in --explain
      """)

  @OptionGroup var policies: PoliciesOption

  @Option(help: ArgumentHelp("Entities, as JSON.", valueName: "file"))
  var entities: String

  @Option(help: ArgumentHelp("The request, as JSON.", valueName: "file"))
  var request: String

  @Option(help: ArgumentHelp("A schema, in Cedar or as JSON, or `built-in`.", valueName: "file"))
  var schema: String?

  @Flag(help: "Deny when a `forbid` can't be evaluated.")
  var guarded = false

  @Flag(help: "Tell of each policy whether it applied, and if not, why.")
  var explain = false

  func run() throws {
    let evaluation = PolicyEvaluation(
      policies: try policies.paths.map(PolicyFile.read), entities: try PolicyFile.read(entities),
      request: try PolicyFile.read(request), schema: try schema.map(PolicyFile.schema))
    let report = evaluation.report(mode: guarded ? .deny : .skip, explains: explain)
    Terminal.print(try PolicyCommand.json(report))
    if report.decision == .noDecision { throw ExitCode(ExitStatus.input) }
  }
}
