/// Reads files into one document and follows what they include.
struct RuleReader<Loader: RuleSourceLoader> {
  private let loader: Loader
  private var document = RuleDocument()
  private var issues: [RuleIssue] = []
  private var omitted = 0
  /// The files that are being read, the innermost last.
  private var open: [String] = []
  private var totalBytes = 0
  private var directiveCount = 0
  /// A limit of the whole rule set was hit: the rest is not read.
  private var isStopped = false

  init(loader: Loader) { self.loader = loader }

  func finish() throws(RuleIssues) -> RuleDocument {
    guard issues.isEmpty else { throw RuleIssues(issues: issues, omitted: omitted) }
    return document
  }

  private mutating func report(_ file: String, _ line: Int, _ column: Int, _ message: String, _ hint: String? = nil) {
    guard issues.count < RuleLimits.issues else {
      omitted += 1
      return
    }
    issues.append(RuleIssue(file: file, line: line, column: column, message: message, hint: hint))
  }

  /// Reports at a place; what has none belongs to the file that was asked for.
  private mutating func report(
    _ position: SourcePosition?, orAbout path: String, _ message: String, _ hint: String? = nil
  ) {
    guard let position, document.files.indices.contains(Int(position.file)) else {
      return report(path, 1, 1, message, hint)
    }
    report(document.files[Int(position.file)], Int(position.line), Int(position.column), message, hint)
  }

  // MARK: Files

  /// Reads a file, or the files of a pattern, that nothing includes.
  mutating func readRoot(_ path: String) { include(path, at: nil, isOptional: false) }

  private mutating func include(_ reference: String, at position: SourcePosition?, isOptional: Bool) {
    let from = open.last
    guard reference.utf8.contains(where: { [0x2a, 0x3f, 0x5b].contains($0) }) else {
      readFile(loader.resolve(reference, from: from), at: position, isOptional: isOptional)
      return
    }
    let paths: [String]
    do throws(RuleSourceError) {
      paths = try loader.expand(reference, from: from)
    } catch {
      if !(isOptional && error.isMissing) {
        report(position, orAbout: reference, "can't read \(RuleBytes.quoted(reference)): \(error.message)")
      }
      return
    }
    if paths.isEmpty, !isOptional {
      report(
        position, orAbout: reference, "no file matches \(RuleBytes.quoted(reference))",
        "`IncludeOptional` goes on without files")
    }
    for path in paths.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      readFile(path, at: position, isOptional: false)
    }
  }

  private mutating func readFile(_ path: String, at position: SourcePosition?, isOptional: Bool) {
    guard !isStopped else { return }
    if open.contains(path) {
      report(position, orAbout: path, "\(RuleBytes.quoted(path)) includes itself")
      return
    }
    if open.count >= RuleLimits.includeDepth {
      report(position, orAbout: path, "files include each other more than \(RuleLimits.includeDepth) deep")
      return
    }
    do throws(RuleSourceError) {
      let bytes = try loader.read(path, limit: RuleLimits.fileBytes)
      read(bytes, path: path, includedAt: position)
    } catch {
      if !(isOptional && error.isMissing) {
        report(position, orAbout: path, "can't read \(RuleBytes.quoted(path)): \(error.message)")
      }
    }
  }

  /// Reads the bytes of a file.
  mutating func read(_ bytes: [UInt8], path: String, includedAt position: SourcePosition?) {
    guard !isStopped else { return }
    guard bytes.count <= RuleLimits.fileBytes else {
      report(position, orAbout: path, "\(RuleBytes.quoted(path)) is longer than \(RuleLimits.fileBytes) bytes")
      return
    }
    totalBytes += bytes.count
    guard totalBytes <= RuleLimits.totalBytes, document.files.count < RuleLimits.files else {
      isStopped = true
      report(
        position, orAbout: path,
        "the rules are more than \(RuleLimits.files) files or \(RuleLimits.totalBytes) bytes")
      return
    }
    let file = Int32(clamping: document.files.count)
    document.files.append(path)
    open.append(path)
    defer { open.removeLast() }
    var lines = DirectiveLines(bytes, file: file)
    while !isStopped, let directive = lines.next() { read(directive) }
  }

  // MARK: Directives

  private mutating func read(_ text: DirectiveText) {
    let position = text.text.position(at: 0)
    directiveCount += 1
    guard directiveCount <= RuleLimits.statements else {
      isStopped = true
      report(position, orAbout: "", "the rules are more than \(RuleLimits.statements) directives")
      return
    }
    var statement = StatementReader(limit: RuleLimits.issues - issues.count)
    let result = statement.read(text)
    for problem in statement.problems {
      report(problem.position, orAbout: "", problem.message, problem.hint)
    }
    omitted += statement.omitted
    switch result {
    case nil: break
    case .directive(let directive): document.statements.append(Statement(position: position, directive: directive))
    case .include(let argument, let isOptional):
      guard let reference = String(validating: argument.text.bytes, as: UTF8.self) else {
        report(argument.position, orAbout: "", "\(RuleBytes.quoted(argument.text.bytes)) is not UTF-8")
        return
      }
      include(reference, at: argument.position, isOptional: isOptional)
    }
  }
}
