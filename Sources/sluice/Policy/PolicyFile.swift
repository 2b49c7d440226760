import Access
import ArgumentParser
package import Cedar

/// A file that was read, under the name it was given by.
package struct PolicyFile: Sendable {
  package var name: String
  package var bytes: [UInt8]

  package init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// - Throws: `Failure` when it can't be read.
  static func read(_ path: String) throws -> PolicyFile {
    PolicyFile(name: path, bytes: try PolicyInput.read(path))
  }

  /// What stands for the gate's own schema on the command line.
  static let builtInName = "built-in"

  /// The schema that the gate itself checks policies with.
  package static var builtInSchema: PolicyFile {
    PolicyFile(name: "the built-in schema", bytes: Array(BuiltInSchema.text.utf8))
  }

  static func schema(_ path: String) throws -> PolicyFile { path == builtInName ? builtInSchema : try read(path) }
}

/// Policies of several files under ids that no two of them share: those of texts are numbered on.
package struct PolicyCollection {
  package private(set) var set = PolicySet()
  /// Where each policy and template stands.
  package private(set) var files: [PolicyID: String] = [:]
  private var numbered = 0

  package init(_ files: [PolicyFile]) throws(PolicyProblem) {
    for file in files { try add(file) }
  }

  private mutating func add(_ file: PolicyFile) throws(PolicyProblem) {
    let added = try PolicyInput.policies(file.bytes, file: file.name)
    let keepsIDs = JSONReader.isMeant(by: file.bytes)
    let first = numbered
    do {
      for var policy in added.templates + added.policies where policy.template == nil {
        if !keepsIDs {
          numbered += 1
          policy.id = Self.renumbered(policy.id, from: first)
        }
        try set.add(policy)
        files[policy.id] = file.name
      }
      for link in added.links {
        try set.link(link)
        files[link.id] = file.name
      }
    } catch {
      throw PolicyProblem(file: file.name, message: error.description)
    }
  }

  /// `policy3` as the number three after `first`.
  private static func renumbered(_ id: PolicyID, from first: Int) -> PolicyID {
    guard first > 0, let number = Int(id.text.dropFirst("policy".count)) else { return id }
    return PolicyID("policy\(first + number)")
  }
}

/// The policies that a subcommand reads.
struct PoliciesOption: ParsableArguments {
  @Option(
    name: .customLong("policies"), parsing: .upToNextOption,
    help: ArgumentHelp("Policies: files in Cedar, or policy sets as JSON.", valueName: "file"))
  var paths: [String] = []

  func validate() throws {
    if paths.isEmpty { throw ValidationError("name the policies: --policies FILE") }
  }
}
