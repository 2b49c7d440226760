import Access
import ArgumentParser
import Control
import Firewall
import Foundation
import Glibc
import SluiceConfig
import SluiceModel

/// `sluice check`: is the configuration right?
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a configuration without running it.",
    discussion: """
      Errors and warnings go to standard error as `file:line:column: message` with a hint. The exit status is 1 when there \
      is an error.

      Examples:
        sluice check -c sluice.yaml
        sluice check -c sluice.yaml --json | jq '.issues[] | .path'
      """)

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var output: JSONOption

  func run() throws {
    do {
      let loaded = try file.load()
      if output.json {
        try print(CheckReport(ok: true, hash: loaded.hash, issues: loaded.warnings))
        return
      }
      for warning in loaded.warnings { Terminal.complain("\(warning)") }
      Terminal.print("ok: \(Self.summary(loaded.configuration)), \(loaded.hash)")
    } catch let errors as ConfigurationErrors where output.json {
      try print(CheckReport(ok: false, issues: errors.issues + errors.warnings))
      throw ExitCode(ExitStatus.input)
    }
  }

  private func print(_ report: CheckReport) throws {
    Terminal.print(String(decoding: try AdminJSON.encoder(pretty: true).encode(report), as: UTF8.self))
  }

  /// What a configuration holds, in words.
  static func summary(_ configuration: Configuration) -> String {
    let counts = [
      ("listener", configuration.listeners.count), ("route", configuration.routes.count),
      ("pool", configuration.pools.count), ("asset", configuration.assets.count),
    ]
    return counts.filter { $0.0 == "listener" || $0.1 > 0 }.map { "\($0.1) \($0.0)\($0.1 == 1 ? "" : "s")" }
      .joined(separator: ", ")
  }
}

/// What `sluice check --json` prints.
struct CheckReport: Encodable {
  var ok: Bool
  var hash: String?
  var issues: [ConfigurationIssue]
}

/// `sluice diff`: what would change in the running gateway.
struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a configuration would change in the running gateway.",
    discussion: """
      The file is read and checked here, as `sluice check` does, and compared there with what is in force. Nothing is \
      changed.

      Example:
        sluice diff -c new.yaml && mv new.yaml sluice.yaml && sluice reload
      """)

  @OptionGroup var file: ConfigurationOption
  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    let libraries = Libraries()
    let loaded = try file.load(libraries)
    for warning in loaded.warnings where !output.json { Terminal.complain("\(warning)") }
    let (path, body) = request(loaded)
    let client = try gateway.client()
    let reply = try await client.request(.post, path, headers: [("Content-Type", "application/yaml")], body: body)
    var planned = try reply.decode(PlannedChanges.self)
    // The gateway does not read files for a candidate, so policies and entities are compared here.
    let inForce = try await client.request(.get, "/v1/policies").decode(PoliciesInForce.self)
    planned.changes += PolicyDiff.between(inForce, PoliciesInForce(libraries.access.loaded))
    if output.json {
      Terminal.print(String(decoding: try AdminJSON.encoder(pretty: true).encode(planned), as: UTF8.self))
      return
    }
    if path.hasSuffix("redacted") { Terminal.complain("note: secrets are not compared") }
    Terminal.print(ConfigurationDiff.text(planned.changes))
  }

  /// A configuration of one file goes as it is. One that takes from other files or the environment goes as this machine
  /// resolves it, without secrets.
  private func request(_ loaded: LoadedConfiguration) -> (path: String, body: [UInt8]) {
    let path = "/v1/config/diff"
    if loaded.files.count == 1,
      let bytes = try? ConfigurationSource.system().read(file.path, AdminLimits.requestBodyBytes),
      (try? ConfigurationLoader.load(bytes: bytes, fileName: file.path))?.configuration == loaded.configuration
    {
      return (path, bytes)
    }
    return (path + "?secrets=redacted", Array(ConfigurationRendering.json(loaded.configuration).utf8))
  }
}

/// `sluice schema`: the JSON Schema of the configuration.
struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the JSON Schema of the configuration.",
    discussion: """
      Editors with YAML support complete and check with it.

      Examples:
        sluice schema > sluice.schema.json
        sluice schema --markdown > docs/configuration.md
      """)

  @Flag(help: "Print the reference page instead: every key with its type, default and meaning.")
  var markdown = false

  func run() {
    let text = markdown ? ConfigurationReference.markdown() : ConfigurationSchema.json()
    Terminal.write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
  }
}

/// The configuration file that a subcommand reads.
struct ConfigurationOption: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration file.", valueName: "file"))
  var path = "sluice.yaml"

  /// - Parameter libraries: take the compiled rules of firewall filters, and the policies.
  /// - Throws: `ConfigurationErrors`.
  func load(_ libraries: Libraries = Libraries()) throws -> LoadedConfiguration {
    try ConfigurationLoader.load(path: path, source: RuleFilters.source(libraries))
  }
}
