import SecLang
import Testing

@Suite struct MultipartProcessorTests {
  typealias Flag = @Sendable (MultipartFlags) -> Bool

  static let type = "multipart/form-data; boundary=B"

  static func read(
    _ body: String, type: String = type, limits: BodyLimits = BodyLimits(), truncated: Bool = false
  ) -> MultipartProcessor {
    var processor = MultipartProcessor(contentType: BodyTest.bytes(type).span, limits: limits)
    processor.received(BodyTest.bytes(body).span)
    processor.finished(truncated: truncated)
    return processor
  }

  private func read(
    _ body: String, type: String = type, limits: BodyLimits = BodyLimits(), truncated: Bool = false
  ) -> MultipartProcessor {
    Self.read(body, type: type, limits: limits, truncated: truncated)
  }

  /// A body of one part, with these header lines and this data.
  static func part(_ headers: String, _ data: String = "x") -> String {
    "--B\r\n\(headers)\r\n\r\n\(data)\r\n--B--\r\n"
  }

  static let field = "Content-Disposition: form-data; name=\"a\""

  /// Flags of a body in which nothing is odd.
  static func clean() -> MultipartFlags {
    var flags = MultipartFlags()
    flags.crlfLine = true
    flags.unmatchedBoundary = 2
    return flags
  }

  // MARK: Well-formed bodies

  @Test func readsFieldsAndFiles() {
    var limits = BodyLimits()
    limits.fileContentBytes = 1000
    let body =
      "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nX: y\r\n\r\nl1\r\nl2\nl3\r\n--B\r\n"
      + "content-disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\nContent-Type: text/plain\r\n\r\n"
      + "file\r\nx\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--B--\r\n"
    let processor = read(body, limits: limits)
    #expect(BodyTest.list(processor.arguments) == ["a=l1\r\nl2\nl3", "a="])
    #expect(BodyTest.list(processor.files) == ["f=n.txt"])
    #expect(BodyTest.list(processor.fileContents) == ["f=file\r\nx"])
    #expect(processor.fileSizes.map(\.bytes) == [7])
    #expect(processor.fileSizes.map { BodyTest.text(processor.files.bytes[$0.name]) } == ["f"])
    #expect(processor.filesCombinedSize == 7)
    #expect(BodyTest.list(processor.names) == ["a=a", "f=f", "a=a"])
    #expect(BodyTest.list(processor.filenames) == ["n.txt=n.txt"])
    #expect(
      BodyTest.list(processor.partHeaders) == [
        "a=Content-Disposition: form-data; name=\"a\"", "a=X: y",
        "f=content-disposition: form-data; name=\"f\"; filename=\"n.txt\"", "f=Content-Type: text/plain",
        "a=Content-Disposition: form-data; name=\"a\"",
      ])
    #expect(processor.error == nil)
    #expect(processor.flags == Self.clean())
    #expect(!processor.flags.isStrictError)
  }

  @Test func takesTheLastBoundaryWithoutALineEnd() {
    let processor = read("--B\r\n\(Self.field)\r\n\r\nx\r\n--B--")
    #expect(BodyTest.list(processor.arguments) == ["a=x"])
    #expect(processor.error == nil)
    #expect(processor.flags.unmatchedBoundary == 0)
  }

  @Test func takesAnEmptyBody() {
    #expect(read("").error == nil)
    #expect(read("--B--\r\n").error == nil)
    #expect(!read("--B--\r\n").flags.isStrictError)
  }

  @Test func unescapesNames() {
    let processor = read(Self.part(#"Content-Disposition: form-data; name="a\"b\\c\d""#))
    #expect(BodyTest.list(processor.arguments) == [#"a"b\c\d=x"#])
    #expect(processor.flags == Self.clean())
  }

  @Test func anEmptyFilenameIsNoFile() {
    let processor = read(Self.part(Self.field + "; filename=\"\""))
    #expect(BodyTest.list(processor.arguments) == ["a=x"])
    #expect(processor.files.isEmpty)
  }

  @Test func decodesExtendedFilenames() {
    let processor = read(Self.part(Self.field + "; filename=\"x\"; filename*=UTF-8'en'sh%65ll.php"))
    #expect(BodyTest.list(processor.files) == ["a=x", "a=shell.php"])
    #expect(BodyTest.list(processor.filenames) == ["x=x", "shell.php=shell.php"])
    #expect(processor.fileSizes.map(\.bytes) == [1])
    #expect(processor.error == nil)
  }

  @Test func countsBytesOutsideFiles() {
    let header = Self.field
    let processor = read(Self.part(header, "12345"))
    #expect(processor.bytesOutsideFiles == header.utf8.count + 2 + 2 + 5)
    #expect(read(Self.part(header + "; filename=\"f\"", "12345")).bytesOutsideFiles == header.utf8.count + 18)
  }

  // MARK: Flags

  @Test(
    arguments: [
      ("pre\r\n" + part(field), \.dataBefore), (part(field) + "post", \.dataAfter),
      (part(field) + "--B--\r\n", \.dataAfter),
      (part("Content-Disposition: form-data;\r\n name=\"a\""), \.headerFolding),
      ("--B\n\(field)\n\nx\n--B--\n", \.lfLine), ("--B\r\n\(field)\n\r\nx\r\n--B--\r\n", \.crlfLFLines),
      ("--B\r\n\(field)\r\n\r\nx\n--B--\r\n", \.lfLine), ("--B\r\n\(field)\r\n\r\nx\n--B--", \.lfLine),
      (part("Content-Disposition: form-data; name='a'"), \.invalidQuoting),
      (part("Content-Disposition: form-data; name=a'b"), \.invalidQuoting),
      (part("Content-Disposition: form-data;\r\n\u{0b}name=\"a\""), \.invalidHeaderFolding),
      (part(field + "\r\n \r\n"), \.invalidHeaderFolding),
      ("--B\r\n\(field)\r\n\r\n--B--\r\n", \.invalidPart), ("--B\r\n\(field)\r\n\r\n--B--", \.invalidPart),
      (part("X: y"), \.invalidPart), (part("X: y"), \.processorError), (part("X"), \.processorError),
    ] as [(String, Flag)])
  func setsFlags(_ body: String, _ flag: Flag) {
    let processor = read(body)
    #expect(flag(processor.flags), "\(body)")
    #expect(processor.flags.isStrictError)
  }

  @Test(
    arguments: [
      ("multipart/form-data; boundary=\"B\"", \.boundaryQuoted),
      ("multipart/form-data; boundary =B", \.boundaryWhitespace),
      ("multipart/form-data boundary=B", \.missingSemicolon),
    ] as [(String, Flag)])
  func setsFlagsOfTheContentType(_ type: String, _ flag: Flag) {
    let processor = read(Self.part(Self.field), type: type)
    #expect(flag(processor.flags))
    #expect(processor.flags.isStrictError)
    #expect(BodyTest.list(processor.arguments) == ["a=x"])
    #expect(processor.error == nil)
  }

  @Test(
    arguments: [
      (part(field, "x\r\n--Q\r\ny"), 2), (part(field, "x--B\r\ny"), 2), ("--B\r\n\(field)\r\n\r\nx\r\n--Q\r\n--B--", 1),
      ("--B\r\n\(field)\r\n\r\nx--B\r\n--B--", 1), ("--B\r\n\(field)\r\n\r\nx\r\n--B--", 0),
    ] as [(String, UInt8)])
  func marksUnmatchedBoundaries(_ body: String, _ expected: UInt8) {
    #expect(read(body).flags.unmatchedBoundary == expected)
    #expect(!read(body).flags.isStrictError)
  }

  @Test func aFlagForTooManyFiles() {
    var limits = BodyLimits()
    limits.files = 1
    let part = "--B\r\n\(Self.field); filename=\"f\"\r\n\r\n12\r\n"
    #expect(!read(part + part + "--B--", limits: limits).flags.fileLimitExceeded)
    limits.fileContentBytes = 100
    let processor = read(part + part + "--B--", limits: limits)
    #expect(processor.flags.fileLimitExceeded)
    #expect(processor.flags.isStrictError)
    #expect(processor.error?.kind == .limit)
    #expect(BodyTest.list(processor.files) == ["a=f", "a=f"])
    #expect(BodyTest.list(processor.fileContents) == ["a=12"])
  }

  // MARK: Errors

  @Test(arguments: [
    (part("Content-Disposition: attachment; name=\"a\""), "not `form-data`"),
    (part("Content-Disposition: form-data"), "content-disposition without a name"),
    (part("Content-Disposition: form-data x"), "no `;` behind `form-data`"),
    (part("Content-Disposition: form-data; name=\"\""), "content-disposition without a name"),
    (part(field + "; name=\"b\""), "two names"), (part(field + "; filename=a; filename=b"), "two filenames"),
    (part(field + "; x=\"b\""), "unknown parameter"), (part(field + "; "), "parameter without `=`"),
    (part(field + "; filename"), "parameter without `=`"), (part(field + "; filename="), "parameter without a value"),
    (part(field + "; filename=\"f"), "quote without an end"), (part(field + "; filename=\"f\\"), "`\\` at the end"),
    (part(field + "x"), "other text behind a value"), (part(field + "; filename=x y"), "other text behind a value"),
    (part(field + "; filename =\"f\""), "white space before `=` of the filename"),
    (part(field + "; filename*=UTF-8''x"), "`filename*` without `filename`"),
    (part(field + "; filename=x; filename*='en'x"), "`filename*` without a character set"),
    (part(field + "; filename=x; filename*=UTF-8'x"), "`filename*` without a language"),
    (part(field + "; filename=x; filename*=UTF-8''%4"), "invalid escape in `filename*`"),
    (part(field + "; filename=x; filename*=UTF-8''a b"), "invalid character in `filename*`"),
    (part(field + "; filename=x; filename*=a''b; filename*=a''b"), "two `filename*`"),
    (part("X: y"), "a part has no content-disposition"), (part("X\r\n" + field), "without a colon"),
    (part(": v\r\n" + field), "without a name"), (part("A\u{1}: v\r\n" + field), "invalid character in the name"),
    (part(field + " \r\nA : v"), "invalid character in the name"), (part("A: \0\r\n" + field), "nul byte"),
    (part(" x\r\n" + field), "begin with a continuation"), (part(field + "\r\n" + field), "the same header twice"),
    (part(field, "x\r\n--BB"), "other text behind a boundary"),
    ("--B\r\n\(field)\r\n\r\nx", "last boundary is missing"),
    ("--B\r\n\(field)\r\n\r\nx\r\n--B-", "last boundary is missing"), ("nothing", "no boundary in the body"),
    ("-- B\r\n\(field)\r\n\r\nx", "white space before a boundary"),
    (part(field + "\r\nX: " + String(repeating: "y", count: 4096)), "header line of more than 4096 bytes"),
    (
      part(field + "\r\nX: y" + String(repeating: "\r\n " + String(repeating: "y", count: 1000), count: 5)),
      "header of more than 4096 bytes"
    ),
  ])
  func says(_ body: String, _ message: String) {
    let processor = read(body)
    #expect(processor.error?.kind == .malformed)
    #expect(processor.error?.message.contains(message) == true, "\(processor.error?.message ?? "none") \(body)")
    #expect(processor.flags.processorError)
    #expect(processor.flags.isStrictError)
  }

  @Test func refusesABoundaryInQuotes() {
    let processor = read("--\"B\"\r\n", type: "multipart/form-data; boundary=\"B\"")
    #expect(processor.error?.message == "multipart: boundary in quotes")
  }

  @Test func seesTheDataOfInvalidParts() {
    #expect(BodyTest.list(read(Self.part("X: y", "<x>")).arguments) == ["=<x>"])
    #expect(BodyTest.list(read(Self.part("Content-Disposition: form-data; name=a; x=1", "<x>")).arguments) == ["a=<x>"])
    let body = "--B\r\n\(Self.field)\r\n\r\n--B\r\nContent-Disposition: form-data; name=b\r\n\r\nx\r\n--B--\r\n"
    #expect(BodyTest.list(read(body).arguments) == ["a=", "b=x"])
    #expect(BodyTest.list(read("--B\r\n\(Self.field)\r\n\r\nx\r\n--BB\r\n").arguments) == ["a=x"])
  }

  @Test func joinsFoldedHeaders() {
    let processor = read(Self.part("Content-Disposition:\tform-data;\r\n\t name=\"a\"\r\nX: y\r\n  z\r\n w"))
    #expect(
      BodyTest.list(processor.partHeaders) == [
        "a=Content-Disposition: form-data; name=\"a\"", "a=X: y z w",
      ])
    #expect(!processor.flags.invalidHeaderFolding)
  }

  // MARK: Limits

  @Test func cutBodiesAreNotMalformed() {
    let whole = BodyTest.bytes(Self.part(Self.field, "data"))
    for end in 1..<(whole.count - 3) {
      let body = BodyTest.text(whole[..<end])
      let processor = read(body, truncated: true)
      #expect(processor.error == nil, "\(body)")
      #expect(processor.isTruncated)
    }
    let cut = read("--B\r\n\(Self.field)\r\n\r\n<script", truncated: true)
    #expect(BodyTest.list(cut.arguments) == ["a=<script"])
    let file = read("--B\r\n\(Self.field); filename=f\r\n\r\n12\r\n34", truncated: true)
    #expect(file.fileSizes.map(\.bytes) == [6])
  }

  @Test func boundsPartsHeadersAndArguments() {
    var limits = BodyLimits(arguments: 2)
    let part = "--B\r\n\(Self.field)\r\n\r\nx\r\n"
    let processor = read(String(repeating: part, count: 5) + "--B--", limits: limits)
    #expect(processor.arguments.count == 2)
    #expect(processor.omittedArguments == 3)
    limits.multipartParts = 3
    #expect(read(String(repeating: part, count: 5) + "--B--", limits: limits).error?.kind == .limit)
    limits.multipartHeaders = 2
    #expect(read(Self.part(Self.field + "\r\nA: 1"), limits: limits).error == nil)
    #expect(read(Self.part(Self.field + "\r\nA: 1\r\nB: 2"), limits: limits).error?.kind == .limit)
  }

  @Test func boundsBytes() {
    var limits = BodyLimits()
    limits.storedBytes = 10_000
    limits.fileContentBytes = 10
    let long = String(repeating: "x", count: 50_000)
    let field = read(Self.part(Self.field, long), limits: limits)
    #expect(field.error?.kind == .limit)
    #expect(field.arguments.bytes.count < 16_000)
    let file = read(Self.part(Self.field + "; filename=f", long), limits: limits)
    #expect(file.error == nil)
    #expect(file.fileSizes.map(\.bytes) == [50_000])
    #expect(file.fileContents.bytes.count == 10)
  }

  @Test func findsBoundariesInTimeThatDoesNotDependOnThem() {
    let hyphens = String(repeating: "-", count: 900)
    let type = "multipart/form-data; boundary=\(hyphens)B"
    let line = String(repeating: "-", count: 4000) + "\r\n"
    let body = "--\(hyphens)B\r\n\(Self.field); filename=f\r\n\r\n"
    let processor = read(body + String(repeating: line, count: 500) + "--\(hyphens)B--\r\n", type: type)
    #expect(processor.error == nil)
    #expect(processor.fileSizes.map(\.bytes) == [4002 * 500 - 2])
  }
}

@Suite struct MultipartBoundaryTests {
  @Test(arguments: [
    ("multipart/form-data; boundary=B", "B"), ("Multipart/Form-Data;boundary=a'()+_,-./:=?z", "a'()+_,-./:=?z"),
    ("multipart/form-data; boundary=\"B C\"", "B C"), ("multipart/form-data; boundary=B; charset=utf-8", "B"),
    ("multipart/form-data; boundary=----WebKitFormBoundary", "----WebKitFormBoundary"),
    ("multipart/form-data; boundary=boundary", "boundary"),
  ])
  func takesBoundaries(_ type: String, _ boundary: String) {
    let body = "--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--\(boundary)--\r\n"
    let processor = MultipartProcessorTests.read(body, type: type)
    #expect(processor.error == nil, "\(type)")
    #expect(BodyTest.list(processor.arguments) == ["a=x"])
  }

  @Test(arguments: [
    ("", "no content type"), ("multipart/mixed; boundary=B", "content type is not `multipart/form-data`"),
    ("multipart/form-data", "no boundary in content type"), ("multipart/form-data; Boundary=B", "not in lower case"),
    ("multipart/form-data; boundary=B; boundary=C", "more than one boundary"),
    ("multipart/form-data; boundary=B; BOUNDARY=C", "more than one boundary"),
    ("multipart/form-data; charset=x; boundary=B", "other text before the boundary"),
    ("multipart/form-data;; boundary=B", "other text before the boundary"),
    ("multipart/form-datax; boundary=B", "other text before the boundary"),
    ("multipart/form-data; boundary", "without `=`"),
    ("multipart/form-data; boundaryx=B", "other text behind `boundary`"),
    ("multipart/form-data; boundary=", "empty boundary"), ("multipart/form-data; boundary=\"\"", "empty boundary"),
    ("multipart/form-data; boundary=;x", "empty boundary"), ("multipart/form-data; boundary=\"B", "quoted on one side"),
    ("multipart/form-data; boundary=B\"", "quoted on one side"),
    ("multipart/form-data; boundary=\"", "quoted on one side"),
    ("multipart/form-data; boundary=\"B\"; charset=x", "quoted on one side"),
    ("multipart/form-data; boundary=B#", "invalid characters"),
    ("multipart/form-data; boundary=B ", "invalid characters"),
    ("multipart/form-data; boundary=B\0", "nul byte"),
    ("multipart/form-data; boundary=boundary=", "more than one boundary"),
    ("multipart/form-data; boundary=" + String(repeating: "B", count: 1000), "more than 1024 bytes"),
  ])
  func refusesBoundaries(_ type: String, _ message: String) {
    let processor = MultipartProcessorTests.read("--B\r\n", type: type)
    #expect(processor.error?.message.contains(message) == true, "\(processor.error?.message ?? "none"): \(type)")
    #expect(processor.flags.isStrictError)
    #expect(processor.arguments.isEmpty)
  }
}
