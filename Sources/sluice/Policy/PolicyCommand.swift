import Access
import ArgumentParser
import Foundation

/// `sluice policy`: policies in Cedar, away from a running gateway.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Try, check, format and test policies: who may do what.",
    discussion: """
      Policies are in Cedar (docs/policy.md teaches it). Entities, requests and policy sets are in Cedar's JSON forms; a \
      file is taken as JSON when it begins with a brace or a bracket. Nothing here needs a running gate.

      Examples:
        sluice policy validate --policies policies/*.cedar
        sluice policy eval --policies plant.cedar --entities plant.json --request request.json --explain
        sluice policy format --check policies/*.cedar
      """,
    subcommands: [
      PolicyEval.self, PolicyValidate.self, PolicyFormat.self, PolicySchema.self, PolicyTest.self, PolicyBench.self,
    ])

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// `sluice policy schema`: what policies may speak of.
struct PolicySchema: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the built-in schema: the principals, actions, resources and context of the gate's requests.",
    discussion: """
      The gate and `sluice policy validate` check policies with it.

      Example:
        sluice policy schema > sluice.cedarschema
      """)

  func run() {
    let text = BuiltInSchema.text
    Terminal.write(text.hasSuffix("\n") ? text : text + "\n", to: 1)
  }
}
