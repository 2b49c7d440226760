package import Cedar

/// One case of a corpus: policies, entities, a schema, and what comes of some requests.
package struct CorpusCase {
  package struct Request {
    /// Which one of its case, with its description.
    var title: String
    var node: JSONNode
    /// Whether the corpus says that it fits the schema.
    var fitsSchema: Bool
    var isAllowed: Bool
    var reasons: Set<String>
    var errors: Set<String>
  }

  /// The path of its file, without the extension.
  package let id: String
  package let policies: String
  package let entities: String
  package let schema: String?
  package let shouldValidate: Bool?
  package let requests: [Request]

  /// The paths of all cases: JSON files that are objects with `policies` and `requests`.
  ///
  /// - Parameter only: names of files without their extension; all when empty.
  package static func paths(in files: CorpusFiles, only: Set<String>) -> [String] {
    files.paths.filter { path in
      guard path.hasSuffix(".json"), !path.hasSuffix(".entities.json"), !path.hasSuffix(".cedarschema.json") else {
        return false
      }
      let id = path.dropLast(".json".count)
      guard
        only.isEmpty || only.contains(String(id)) || only.contains(id.split(separator: "/").last.map(String.init) ?? "")
      else { return false }
      return isCase(files, path)
    }
  }

  /// What can't be read is taken for one: it fails rather than being left out.
  private static func isCase(_ files: CorpusFiles, _ path: String) -> Bool {
    guard let bytes = try? files.bytes(path), let node = try? JSONReader.read(bytes) else { return true }
    return node["policies"] != nil && node["requests"] != nil
  }

  package init(_ bytes: [UInt8], path: String) throws(SyntaxError) {
    let node = try JSONReader.read(bytes)
    _ = try node.members(of: "a case")
    id = path.hasSuffix(".json") ? String(path.dropLast(".json".count)) : path
    policies = try Self.member(node, "policies").string(of: "`policies`")
    entities = try Self.member(node, "entities").string(of: "`entities`")
    schema = try node["schema"].map { node throws(SyntaxError) in try node.string(of: "`schema`") }
    shouldValidate = try node["shouldValidate"].map { node throws(SyntaxError) in try node.bool(of: "`shouldValidate`")
    }
    var requests: [Request] = []
    for (index, request) in try Self.member(node, "requests").elements(of: "`requests`").enumerated() {
      requests.append(try Self.request(request, number: index))
    }
    self.requests = requests
  }

  private static func member(_ node: JSONNode, _ key: String) throws(SyntaxError) -> JSONNode {
    guard let value = node[key] else { throw SyntaxError("there is no `\(key)`", at: node.position) }
    return value
  }

  private static func request(_ node: JSONNode, number: Int) throws(SyntaxError) -> Request {
    let title = try node["description"]?.string(of: "`description`") ?? "request"
    let decision = try member(node, "decision")
    let answer = try decision.string(of: "`decision`").lowercased()
    guard answer == "allow" || answer == "deny" else {
      throw SyntaxError("`decision` is neither `allow` nor `deny`", at: decision.position)
    }
    let members = try node.members(of: "a request").filter {
      ["principal", "action", "resource", "context"].contains($0.key)
    }
    return Request(
      title: "#\(number) (\(title))", node: JSONNode(.object(members), at: node.position),
      fitsSchema: try node["validateRequest"]?.bool(of: "`validateRequest`") ?? true, isAllowed: answer == "allow",
      reasons: try ids(member(node, "reason")), errors: try ids(member(node, "errors")))
  }

  private static func ids(_ node: JSONNode) throws(SyntaxError) -> Set<String> {
    var ids: Set<String> = []
    for element in try node.elements(of: "ids") { ids.insert(try element.string(of: "an id")) }
    return ids
  }
}

extension CorpusCase {
  /// Runs the case of a file.
  static func run(_ path: String, of files: CorpusFiles) -> CorpusResult {
    let id = path.hasSuffix(".json") ? String(path.dropLast(".json".count)) : path
    let test: CorpusCase
    do {
      test = try CorpusCase(try files.bytes(path), path: path)
    } catch {
      return CorpusResult(checks: [.init(kind: .validation, id: id, problem: "the case can't be read: \(error)")])
    }
    return test.run { name throws(PolicyProblem) in
      guard let resolved = files.resolve(name, from: path) else {
        throw PolicyProblem(file: name, message: "the corpus has no such file")
      }
      do {
        return PolicyFile(name: resolved, bytes: try files.bytes(resolved))
      } catch {
        throw PolicyProblem(file: name, message: "can't be read")
      }
    }
  }

  /// Runs the case; `file` reads what it names.
  package func run(_ file: (String) throws(PolicyProblem) -> PolicyFile) -> CorpusResult {
    do throws(PolicyProblem) {
      let policies = try PolicyCollection([try file(policies)]).set
      var schema: Cedar.Schema?
      if let name = self.schema {
        let text = try file(name)
        schema = try PolicyInput.schema(text.bytes, file: text.name)
      }
      let entities = try file(entities)
      let store = try PolicyInput.entities(entities.bytes, file: entities.name, schema: schema)
      return run(policies, try PolicyEvaluation.engine(policies, store, self.policies), schema)
    } catch {
      let subject = "none of it can be run: \(error.text)"
      var result = CorpusResult()
      if shouldValidate != nil { result.checks.append(.init(kind: .validation, id: id, problem: subject)) }
      result.checks += requests.map { .init(kind: .request, id: "\(id) \($0.title)", problem: subject) }
      return result
    }
  }

  private func run(_ policies: PolicySet, _ engine: PolicyEngine, _ schema: Cedar.Schema?) -> CorpusResult {
    var result = CorpusResult()
    if let shouldValidate {
      let validation = schema.map { Validator($0).validate(policies) }
      result.checks.append(.init(kind: .validation, id: id, problem: Self.verdict(validation, shouldValidate)))
    }
    result.checks += requests.map { request in
      .init(kind: .request, id: "\(id) \(request.title)", problem: problem(request, engine, schema))
    }
    return result
  }

  private static func verdict(_ validation: ValidationResult?, _ shouldValidate: Bool) -> String? {
    guard let validation else { return "there is no schema to check the policies against" }
    guard validation.isValid != shouldValidate else { return nil }
    guard let finding = validation.findings.first else { return "the policies are found valid, but should not be" }
    return "the policies should be valid, but: \(finding.position): \(finding.message)"
  }

  private func problem(_ request: Request, _ engine: PolicyEngine, _ schema: Cedar.Schema?) -> String? {
    let read: Cedar.Request
    do throws(PolicyProblem) {
      read = try PolicyInput.request(
        Array(request.node.text().utf8), file: "request", schema: schema, isChecked: request.fitsSchema)
    } catch {
      return "the request is refused: \(error.text)"
    }
    let decision = engine.decide(read)
    var problems: [String] = []
    if decision.isAllowed != request.isAllowed {
      problems.append("\(decision.isAllowed ? "Allow" : "Deny") instead of \(request.isAllowed ? "Allow" : "Deny")")
    }
    let reasons = Set(decision.reasons.map(\.text))
    if reasons != request.reasons {
      problems.append("reasons \(Self.list(reasons)) instead of \(Self.list(request.reasons))")
    }
    let errors = Set(decision.errors.map(\.policy.text))
    if errors != request.errors {
      let words = decision.errors.map { "; \($0)" }.joined()
      problems.append("errors \(Self.list(errors)) instead of \(Self.list(request.errors))\(words)")
    }
    return problems.isEmpty ? nil : problems.joined(separator: "; ")
  }

  private static func list(_ ids: Set<String>) -> String { "[" + ids.sorted().joined(separator: ", ") + "]" }
}
