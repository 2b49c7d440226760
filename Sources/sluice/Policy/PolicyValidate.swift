import ArgumentParser
package import Cedar

/// `sluice policy validate`: can these policies mean what they say?
struct PolicyValidate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check policies against a schema.",
    discussion: """
      Finds attributes that no entity has, types that don't fit, actions that apply to nothing: in strict mode, as the gate \
      does when it loads policies. Errors go to standard error as `file:line:column: message; hint`, and make the exit \
      status 1. Warnings are about what is allowed and rarely meant.

      Examples:
        sluice policy validate --policies policies/*.cedar
        sluice policy validate --policies app.cedar --schema app.cedarschema --json
      """)

  @OptionGroup var policies: PoliciesOption

  @Option(help: ArgumentHelp("A schema, in Cedar or as JSON.", valueName: "file"))
  var schema = PolicyFile.builtInName

  @OptionGroup var output: JSONOption

  func run() throws {
    let report = PolicyValidation(
      policies: try policies.paths.map(PolicyFile.read), schema: try PolicyFile.schema(schema)
    ).report()
    if output.json {
      Terminal.print(try PolicyCommand.json(report))
    } else {
      for finding in report.errors { Terminal.complain(finding.text) }
      for finding in report.warnings { Terminal.complain("note: " + finding.text) }
      if report.ok { Terminal.print(report.summary) }
    }
    if !report.ok { throw ExitCode(ExitStatus.input) }
  }
}

/// Policies and the schema that they are checked against, as texts.
package struct PolicyValidation {
  package var policies: [PolicyFile]
  package var schema: PolicyFile

  package init(policies: [PolicyFile], schema: PolicyFile) {
    self.policies = policies
    self.schema = schema
  }

  /// Checks. Every file that can be read is checked, whatever is wrong with others.
  package func report() -> PolicyValidationReport {
    var report = PolicyValidationReport()
    do throws(PolicyProblem) {
      let validator = Validator(try PolicyInput.schema(schema.bytes, file: schema.name))
      for file in policies {
        do throws(PolicyProblem) {
          let collection = try PolicyCollection([file])
          report.policies += collection.set.policies.count + collection.set.templates.count
          report.add(validator.validate(collection.set), file: file.name)
        } catch {
          report.errors.append(PolicyFinding(error))
        }
      }
    } catch {
      report.errors.append(PolicyFinding(error))
    }
    return report
  }
}

/// One finding, as `--json` prints it.
package struct PolicyFinding: Encodable, Equatable {
  package var file: String
  package var line: Int?
  package var column: Int?
  package var policy: String?
  /// For which types of principals and resources, and which action.
  package var environment: String?
  package var message: String
  package var hint: String?

  package init(_ problem: PolicyProblem) {
    file = problem.file
    if problem.position != .none {
      line = Int(problem.position.line)
      column = Int(problem.position.column)
    }
    message = problem.message
    hint = problem.hint
  }

  package init(_ finding: ValidationFinding, file: String) {
    self.init(
      PolicyProblem(
        file: file, position: finding.position, message: finding.message,
        hint: finding.expected.map { "expected \($0)" }))
    policy = finding.policy.text
    environment = finding.environment.map { "\($0)" }
  }

  package var text: String {
    let position = line.flatMap { line in
      column.map { SourcePosition(line: UInt32(clamping: line), column: UInt32(clamping: $0)) }
    }
    let subject = policy.map { "`\($0)`: " } ?? ""
    let circumstance = environment.map { ", for \($0)" } ?? ""
    return PolicyProblem(
      file: file, position: position ?? .none, message: subject + message + circumstance, hint: hint
    ).text
  }
}

/// What `sluice policy validate --json` prints.
package struct PolicyValidationReport: Encodable, Equatable {
  package var ok: Bool { errors.isEmpty }
  /// Policies and templates that were checked.
  package var policies = 0
  package var errors: [PolicyFinding] = []
  package var warnings: [PolicyFinding] = []

  package mutating func add(_ result: ValidationResult, file: String) {
    errors += result.findings.map { PolicyFinding($0, file: file) }
    warnings += result.warnings.map { PolicyFinding($0, file: file) }
  }

  package var summary: String { "ok: \(policies) \(policies == 1 ? "policy" : "policies")" }

  private enum CodingKeys: CodingKey {
    case ok, policies, errors, warnings
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(ok, forKey: .ok)
    try container.encode(policies, forKey: .policies)
    try container.encode(errors, forKey: .errors)
    try container.encode(warnings, forKey: .warnings)
  }
}
