import Glibc

/// Reads `multipart/form-data` bodies (RFC 7578) in pieces of any size, as ModSecurity 3 reads them: line by line, at
/// most 4,096 bytes of one at a time, with a flag for whatever other readers might understand in another way.
///
/// Different from ModSecurity 3, each time to see more: line ends within values stay; an error in the headers of a part
/// leaves its data an argument; data of a part that does not end is an argument; a boundary right behind the headers
/// ends the part (and makes it invalid); headers that occur twice and quotes that do not end are errors.
package struct MultipartProcessor: Sendable {
  /// Bytes of a line that are looked at together; a header line must be shorter.
  static let maximumLineBytes = 4096

  package internal(set) var flags = MultipartFlags()
  /// The first error.
  package internal(set) var error: BodyError?
  /// Whether the body was cut off before its last boundary.
  package internal(set) var isTruncated = false

  /// Parts that are no files: `ARGS_POST`.
  package internal(set) var arguments = FieldStore()
  /// Name of the part → name of the file: `FILES`; the names alone are `FILES_NAMES`. A `filename*` is one more.
  package internal(set) var files = FieldStore()
  /// Name of the part → bytes of the file: `FILES_SIZES`.
  package internal(set) var fileSizes: [(name: Range<Int>, bytes: Int)] = []
  /// Name of the part → content of the file, as far as it is kept: `FILES_TMP_CONTENT`.
  package internal(set) var fileContents = FieldStore()
  /// Name of the part → `Name: value`, one for each header: `MULTIPART_PART_HEADERS`.
  package internal(set) var partHeaders = FieldStore()
  /// `MULTIPART_NAME`, `MULTIPART_FILENAME`.
  package internal(set) var names = FieldStore()
  package internal(set) var filenames = FieldStore()
  /// Bytes of header lines and of parts that are no files, for `SecRequestBodyNoFilesLimit`.
  package internal(set) var bytesOutsideFiles = 0
  /// Arguments that were not kept because of ``BodyLimits/arguments``.
  package internal(set) var omittedArguments = 0

  /// `FILES_COMBINED_SIZE`.
  package var filesCombinedSize: Int { fileSizes.reduce(0) { $0 &+ $1.bytes } }

  let limits: BodyLimits
  let boundary: [UInt8]
  private let finder: BoundaryFinder
  var part: MultipartPart?
  var partCount = 0
  private var boundaryCount = 0
  private var isComplete = false
  private var isStopped = false
  private var hasSeenData = false
  /// A line that the pieces so far did not end.
  private var line: [UInt8] = []
  private var isAtLineStart = true
  private var lineBeforeEndsBare = false
  private var consumed = 0

  /// - Parameter contentType: the value of the request's `Content-Type`.
  package init(contentType: Span<UInt8>, limits: BodyLimits = BodyLimits()) {
    let parsed = MultipartBoundary(contentType: contentType)
    self.limits = limits
    boundary = parsed.bytes
    finder = BoundaryFinder([UInt8(ascii: "-"), UInt8(ascii: "-")] + parsed.bytes)
    flags.boundaryQuoted = parsed.isQuoted
    flags.boundaryWhitespace = parsed.hasWhitespace
    flags.missingSemicolon = parsed.isMissingSemicolon
    if let failure = parsed.failure { stop(failure) }
  }

  package mutating func received(_ piece: Span<UInt8>) {
    var position = 0
    if !piece.isEmpty, !isStopped { hasSeenData = true }
    while position < piece.count, !isStopped {
      if isComplete {
        flags.dataAfter = true
        return
      }
      position = takeLine(piece, from: position)
    }
  }

  /// - Parameter truncated: whether the body goes on but is not given; a missing boundary is then no error.
  package mutating func finished(truncated: Bool = false) {
    guard hasSeenData else { return }
    if !isStopped, !isComplete {
      var held: [UInt8] = []
      swap(&held, &line)
      if boundaryCount > 0, isAtLineStart, isFinalBoundary(held.span) {
        if lineBeforeEndsBare { flags.lfLine = true }
        if part?.hasData != true { flags.invalidPart = true }
        isComplete = true
      } else {
        addUnendedLine(held.span)
        isTruncated = truncated
        if !truncated {
          let what = boundaryCount > 0 ? "the last boundary is missing" : "no boundary in the body"
          note(BodyError(.malformed, "multipart: \(what)", offset: consumed))
        }
      }
    }
    endPart()
    isStopped = true
  }

  // MARK: Lines

  /// Takes the next line, or as much of it as may be looked at together. Answers where to go on.
  private mutating func takeLine(_ piece: Span<UInt8>, from position: Int) -> Int {
    let room = Self.maximumLineBytes &- line.count
    let limit = min(piece.count, position &+ room)
    var end = limit
    var endsLine = false
    if let feed = Self.lineFeed(piece, position..<limit) {
      end = feed &+ 1
      endsLine = true
    } else if limit &- position < room {
      line.append(copying: piece.extracting(position..<limit))
      return limit
    } else if piece[limit &- 1] == 0x0d {
      // A carriage return is looked at together with what follows it.
      end = limit &- 1
    }
    let isLong = line.count &+ (limit &- position) >= Self.maximumLineBytes && (!endsLine || end == limit)
    if line.isEmpty {
      process(piece.extracting(position..<end), endsLine: endsLine, isLong: isLong)
    } else {
      var held: [UInt8] = []
      swap(&held, &line)
      held.append(copying: piece.extracting(position..<end))
      process(held.span, endsLine: endsLine, isLong: isLong)
      held.removeAll(keepingCapacity: true)
      swap(&held, &line)
    }
    return end
  }

  // invariant: the range lies within the span, and what is found lies within the range.
  private static func lineFeed(_ span: Span<UInt8>, _ range: Range<Int>) -> Int? {
    span.withUnsafeBufferPointer { buffer in
      guard !range.isEmpty, let base = buffer.baseAddress else { return nil }
      guard let found = memchr(base + range.lowerBound, 0x0a, range.count) else { return nil }
      return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }

  private mutating func process(_ text: Span<UInt8>, endsLine: Bool, isLong: Bool) {
    var isBoundary = false
    if isAtLineStart {
      if Self.looksLikeBoundary(text) {
        isBoundary = boundaryLine(text)
      } else if flags.unmatchedBoundary != 1, finder.isWithin(text) {
        flags.unmatchedBoundary = 1
      }
    }
    if !isBoundary, !isStopped { partLine(text, isLong: isLong) }
    consumed &+= text.count
    isAtLineStart = endsLine
    lineBeforeEndsBare = endsLine && !(text.count > 1 && text[text.count &- 2] == 0x0d)
  }

  private mutating func partLine(_ text: Span<UInt8>, isLong: Bool) {
    guard let isInHeaders = part?.isInHeaders else {
      flags.dataBefore = true
      return
    }
    if !isInHeaders {
      addData(text)
    } else if isLong {
      stop(BodyError(.malformed, "multipart: header line of more than \(Self.maximumLineBytes) bytes"))
    } else {
      addHeaderLine(text)
    }
  }

  // MARK: Boundaries

  /// Two hyphens and something before a nul byte.
  private static func looksLikeBoundary(_ text: Span<UInt8>) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return text.count > 3 && text[0] == hyphen && text[1] == hyphen && text[2] != 0 && text[3] != 0
  }

  /// Answers whether the line was taken as a boundary.
  private mutating func boundaryLine(_ text: Span<UInt8>) -> Bool {
    guard BodyBytes.has(boundary, in: text, at: 2) else {
      otherBoundary(text)
      return false
    }
    if lineBeforeEndsBare { flags.lfLine = true }
    if boundaryCount > 0, part?.hasData == false {
      flags.invalidPart = true
      if part?.isInHeaders == true { return false }
    }
    if boundaryCount > 0 { flags.unmatchedBoundary = 2 }
    var end = boundary.count &+ 2
    let isFinal = BodyBytes.has("--", in: text, at: end)
    if isFinal { end &+= 2 }
    let rest = text.extracting(end..<text.count)
    if rest.count == 1, rest[0] == 0x0a {
      flags.lfLine = true
    } else if rest.count == 2, rest[0] == 0x0d, rest[1] == 0x0a {
      flags.crlfLine = true
    } else {
      stop(BodyError(.malformed, "multipart: other text behind a boundary"))
      return true
    }
    endPart()
    boundaryCount &+= 1
    if isFinal {
      isComplete = true
    } else {
      beginPart()
    }
    return true
  }

  /// A line that begins as a boundary but is not ours.
  private mutating func otherBoundary(_ text: Span<UInt8>) {
    if flags.boundaryQuoted, text[2] == UInt8(ascii: "\""), BodyBytes.has(boundary, in: text, at: 3) {
      return stop(BodyError(.malformed, "multipart: boundary in quotes"))
    }
    var start = 2
    while start < text.count, BodyBytes.isSpace(text[start]) { start &+= 1 }
    if start > 2, BodyBytes.has(boundary, in: text, at: start) {
      return stop(BodyError(.malformed, "multipart: white space before a boundary"))
    }
    flags.unmatchedBoundary = 1
  }

  private func isFinalBoundary(_ text: Span<UInt8>) -> Bool {
    text.count == boundary.count &+ 4 && BodyBytes.has("--", in: text, at: 0)
      && BodyBytes.has(boundary, in: text, at: 2) && BodyBytes.has("--", in: text, at: boundary.count &+ 2)
  }

  private mutating func beginPart() {
    partCount &+= 1
    if partCount > limits.multipartParts {
      stop(BodyError(.limit, "multipart: more than \(limits.multipartParts) parts"))
    } else {
      part = MultipartPart()
    }
  }

  // MARK: Errors

  /// Keeps the first error.
  mutating func note(_ problem: BodyError) {
    flags.processorError = true
    guard error == nil else { return }
    error = problem
    if problem.offset == 0 { error?.offset = consumed }
  }

  /// An error behind which nothing is read.
  mutating func stop(_ problem: BodyError) {
    note(problem)
    isStopped = true
  }
}
