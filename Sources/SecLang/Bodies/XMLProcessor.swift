/// Reads XML bodies in pieces of any size with libxml2, into text, attributes and the tree of elements.
///
/// Nothing outside the body is read, and a document type with declarations of its own is refused: there are no entities
/// but XML's five, no default attributes, no expansion. UTF-8, UTF-16 with its mark or a plain beginning, and declared
/// encodings in which markup is ASCII are read.
package struct XMLProcessor {
  /// What was read; where reading stopped early, up to there.
  package private(set) var content = XMLContent()
  package private(set) var error: BodyError?
  /// Whether the body was cut off; what was there is well-formed so far.
  package private(set) var isTruncated = false
  /// Whether the document names a document type outside of it, which was not read.
  package private(set) var hasExternalDocumentType = false

  private let limits: BodyLimits
  private var parser: XMLPushParser?
  private var guardian: XMLTagGuard
  private var decoder = UTF16Decoder()
  /// Bytes not yet given to the parser, which wants ever larger pieces: it looks at an unfinished token anew each time.
  private var pending: [UInt8] = []
  private var fed = 0
  private var consumed = 0
  private var isFinished = false
  private var isIdentified = false

  package init(limits: BodyLimits = BodyLimits()) {
    self.limits = limits
    guardian = XMLTagGuard(maximumAttributes: limits.xmlAttributes)
  }

  package mutating func received(_ part: Span<UInt8>) {
    guard error == nil, !isFinished, !part.isEmpty else { return }
    let left = limits.storedBytes &- consumed
    let taken = part.extracting(first: max(0, left))
    consumed &+= taken.count
    var problem: BodyError?
    if !isIdentified {
      pending.append(copying: taken)
      guard pending.count >= 4 else { return }
      problem = identify()
    } else {
      problem = take(taken)
    }
    feed(isLast: false)
    if let problem { fail(problem) }
    if error == nil, taken.count < part.count {
      fail(BodyError(.limit, "xml: more than \(limits.storedBytes) bytes", offset: consumed))
    }
  }

  /// - Parameter truncated: whether the body goes on but is not given; open elements are then no error.
  package mutating func finished(truncated: Bool = false) {
    guard !isFinished else { return }
    isTruncated = truncated
    if error == nil, consumed > 0 || !truncated {
      if !isIdentified, let problem = identify() { fail(problem) }
      if truncated {
        feed(isLast: false)
        settle()
      }
      feed(isLast: true)
    }
    isFinished = true
    guard let parser else { return }
    if truncated, error?.kind == .malformed, parser.endsEarly { error = nil }
    content = parser.takeContent()
    hasExternalDocumentType = parser.hasExternalDocumentType
    self.parser = nil
  }

  private mutating func fail(_ problem: BodyError) {
    if error == nil { error = problem }
  }

  // MARK: Encoding

  /// Looks at the first bytes (XML 1.0 appendix F).
  /// - Returns: what is wrong, behind what ``pending`` holds then.
  private mutating func identify() -> BodyError? {
    isIdentified = true
    var head: [UInt8] = []
    swap(&head, &pending)
    let isUTF16 = decoder.identify(head.span)
    if !isUTF16, head.prefix(4).contains(0) || head.starts(with: [0x4c, 0x6f, 0xa7, 0x94]) {
      return BodyError(.unsupported, "xml: unsupported encoding")
    }
    parser = XMLPushParser(limits: limits, ignoresEncoding: isUTF16)
    if parser == nil { return BodyError(.limit, "xml: no memory for a parser") }
    return take(head.span)
  }

  private mutating func take(_ bytes: Span<UInt8>) -> BodyError? {
    guard decoder.isActive else {
      pending.append(copying: bytes)
      return nil
    }
    guard let index = decoder.decode(bytes, into: &pending) else { return nil }
    return BodyError(.malformed, "xml: invalid UTF-16", offset: consumed &- bytes.count &+ index)
  }

  // MARK: Parsing

  /// Gives the parser pieces whose sizes depend on nothing but what it had, so that results do not depend on ours.
  private mutating func feed(isLast: Bool) {
    var held: [UInt8] = []
    swap(&held, &pending)
    var start = 0
    while error == nil {
      let size = max(16 << 10, fed / 4)
      guard held.count &- start >= size else { break }
      give(held.span.extracting(start..<(start &+ size)))
      start &+= size
    }
    if isLast, error == nil {
      give(held.span.extracting(start..<held.count))
      start = held.count
      if error == nil { parser?.finish() }
      if let problem = parser?.problem { fail(problem) }
    }
    if start >= held.count {
      held.removeAll(keepingCapacity: true)
    } else if start > 0 {
      held.removeFirst(start)
    }
    swap(&held, &pending)
  }

  /// Ends the tag that the body breaks off in.
  private mutating func settle() {
    guard error == nil else { return }
    var rest = guardian
    if rest.check(pending.span) == nil { pending.append(contentsOf: rest.completion.utf8) }
  }

  private mutating func give(_ bytes: Span<UInt8>) {
    if let finding = guardian.check(bytes) {
      switch finding {
      case .tooManyAttributes:
        fail(BodyError(.limit, "xml: more than \(limits.xmlAttributes) attributes in an element", offset: fed))
      case .declarations:
        fail(BodyError(.unsupported, "xml: document type with declarations", offset: fed))
      }
      return
    }
    parser?.parse(bytes)
    fed &+= bytes.count
    if let problem = parser?.problem { fail(problem) }
  }
}

/// UTF-16 to UTF-8, in pieces of any size.
struct UTF16Decoder: Sendable {
  private(set) var isActive = false
  private var isBigEndian = false
  /// The first byte of a unit; the first half of a pair, 0 without one.
  private var first: UInt8?
  private var high: UInt32 = 0

  /// Whether a document begins as UTF-16: with its mark, or `<` in two bytes.
  mutating func identify(_ head: Span<UInt8>) -> Bool {
    guard head.count >= 4 else { return false }
    switch (head[0], head[1], head[2], head[3]) {
    case (0xff, 0xfe, 0, 0): return false
    case (0xfe, 0xff, _, _), (0, 0x3c, 0, 1...): isBigEndian = true
    case (0xff, 0xfe, _, _), (0x3c, 0, 1..., 0): isBigEndian = false
    default: return false
    }
    isActive = true
    return true
  }

  /// - Returns: the byte with which it shows that half of a pair stands alone; nil when all is well.
  mutating func decode(_ bytes: Span<UInt8>, into output: inout [UInt8]) -> Int? {
    for index in 0..<bytes.count {
      guard let held = first else {
        first = bytes[index]
        continue
      }
      first = nil
      let pair = isBigEndian ? (held, bytes[index]) : (bytes[index], held)
      let unit = UInt32(pair.0) << 8 | UInt32(pair.1)
      if high != 0 {
        guard unit >= 0xdc00, unit <= 0xdfff else { return index }
        append(0x10000 &+ ((high &- 0xd800) << 10) &+ (unit &- 0xdc00), &output)
        high = 0
      } else if unit >= 0xd800, unit <= 0xdbff {
        high = unit
      } else {
        guard unit < 0xdc00 || unit > 0xdfff else { return index }
        append(unit, &output)
      }
    }
    return nil
  }

  private func append(_ scalar: UInt32, _ output: inout [UInt8]) {
    guard let scalar = Unicode.Scalar(scalar) else { return }
    if let encoded = UTF8.encode(scalar) { output.append(contentsOf: encoded) }
  }
}
