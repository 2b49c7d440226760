import ArgumentParser
import Cedar
import Foundation

/// `sluice policy format`: one look for all policies.
struct PolicyFormat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "format",
    abstract: "Lay out policies in one way, or translate them to JSON and back.",
    discussion: """
      Prints the policies; comments stay. With --write the files are replaced, with --check their names are printed when \
      they would change, and the exit status is then 1.

      --to json prints a policy set in Cedar's JSON form; --to cedar prints the text of one. Comments have no place in JSON.

      Examples:
        sluice policy format --check policies/*.cedar
        sluice policy format --write policies/*.cedar
        sluice policy format --to json plant.cedar
      """)

  @Flag(help: "Change nothing; exit status 1 when a file is not laid out so.")
  var check = false

  @Flag(help: "Replace the files.")
  var write = false

  @Option(help: ArgumentHelp("Translate instead: json or cedar.", valueName: "form"))
  var to: PolicyForm?

  @Argument(help: "Files of policies.")
  var files: [String]

  func validate() throws {
    if [check, write, to != nil].count(where: { $0 }) > 1 {
      throw ValidationError("`--check`, `--write` and `--to` exclude each other")
    }
  }

  func run() throws {
    var isGood = true
    for path in files {
      let file = try PolicyFile.read(path)
      do throws(PolicyProblem) {
        let text = if let to { try to.text(file) } else { try file.formatted() }
        if check {
          guard Array(text.utf8) != file.bytes else { continue }
          Terminal.print(Terminal.safe(path))
          isGood = false
        } else if write {
          if Array(text.utf8) != file.bytes { try replace(path, with: text) }
        } else {
          Terminal.write(text, to: 1)
        }
      } catch {
        Terminal.complain(error.text)
        isGood = false
      }
    }
    if !isGood { throw ExitCode(ExitStatus.input) }
  }

  /// All or nothing, with the mode that the file had.
  private func replace(_ path: String, with text: String) throws(PolicyProblem) {
    do {
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
      if let mode { try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path) }
    } catch {
      throw PolicyProblem(file: path, message: "can't be written")
    }
  }
}

/// What `--to` translates to.
enum PolicyForm: String, ExpressibleByArgument, CaseIterable {
  case json, cedar

  func text(_ file: PolicyFile) throws(PolicyProblem) -> String {
    let set = try PolicyInput.policies(file.bytes, file: file.name)
    let text =
      switch self {
      case .json: set.json()
      case .cedar: set.description
      }
    return text.hasSuffix("\n") ? text : text + "\n"
  }
}

extension PolicyFile {
  /// The text as it should be laid out.
  package func formatted() throws(PolicyProblem) -> String {
    guard !JSONReader.isMeant(by: bytes) else {
      throw PolicyProblem(file: name, message: "this is JSON", hint: "`--to cedar` prints it as text")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PolicyProblem(file: name, message: "the text is not UTF-8")
    }
    do {
      return try PolicyFormatter.format(text)
    } catch {
      throw PolicyProblem(error, in: name)
    }
  }
}
