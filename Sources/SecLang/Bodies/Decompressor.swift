/// A coding of `Content-Encoding` that is read.
package enum ContentCoding: Sendable, Hashable {
  /// RFC 1952, one member or more.
  case gzip
  /// RFC 1950, or RFC 1951 without its frame, as many send it.
  case deflate
  /// RFC 7932.
  case brotli
  /// RFC 8878, with windows up to 8 MiB (RFC 9659).
  case zstd

  /// - Parameter name: as in `Content-Encoding`; case does not matter.
  package init?(_ name: Span<UInt8>) {
    func isName(_ text: StaticString) -> Bool {
      name.count == text.utf8CodeUnitCount && BodyBytes.has(text, in: name, at: 0, ignoringCase: true)
    }
    if isName("gzip") || isName("x-gzip") {
      self = .gzip
    } else if isName("deflate") {
      self = .deflate
    } else if isName("br") {
      self = .brotli
    } else if isName("zstd") {
      self = .zstd
    } else {
      return nil
    }
  }
}

/// What a compressed body may cost.
package struct DecompressionLimits: Sendable, Hashable {
  /// Bytes that one coding may make of the body.
  package var outputBytes = 16 << 20
  /// How many times its length a body may become, beyond ``ratioFreeBytes``.
  package var ratio = 100
  /// Bytes that a body may become whatever its length.
  package var ratioFreeBytes = 256 << 10
  /// Codings over one another.
  package var layers = 2

  package init() {}
}

/// Why a body was not decompressed.
package enum DecompressionError: Error, Sendable, Hashable {
  /// Beyond ``DecompressionLimits/ratio``.
  case ratio
  /// Beyond ``DecompressionLimits/outputBytes``.
  case size
  /// Beyond ``DecompressionLimits/layers``.
  case layers
  /// Not what the coding says, cut off, or with data behind its end.
  case malformed
  /// An unknown coding.
  case unsupported
}

/// Undoes the codings of a body, in pieces of any size.
package struct Decompressor {
  /// Bytes of output between two looks at the limits.
  static let chunkBytes = 32 << 10

  private enum Stage {
    case zlib(ZlibDecoder)
    case brotli(BrotliDecoder)
    case zstd(ZstdDecoder)
  }

  private let limits: DecompressionLimits
  private var stages: [Stage] = []
  private var outputs: [Int]
  private var scratch: [[UInt8]]
  private var received = 0
  private var failure: DecompressionError?

  /// - Parameter codings: in the order in which they were applied, as `Content-Encoding` lists them.
  package init(_ codings: [ContentCoding], limits: DecompressionLimits = DecompressionLimits())
    throws(DecompressionError)
  {
    guard codings.count <= limits.layers else { throw .layers }
    self.limits = limits
    outputs = Array(repeating: 0, count: codings.count)
    scratch = Array(repeating: [], count: codings.count)
    for coding in codings.reversed() {
      switch coding {
      case .gzip: stages.append(.zlib(ZlibDecoder(isGzip: true)))
      case .deflate: stages.append(.zlib(ZlibDecoder(isGzip: false)))
      case .brotli: stages.append(.brotli(BrotliDecoder()))
      case .zstd: stages.append(.zstd(ZstdDecoder()))
      }
    }
  }

  /// - Parameter contentEncoding: the value of the field; `identity` counts for nothing.
  package init(
    contentEncoding: Span<UInt8>, limits: DecompressionLimits = DecompressionLimits()
  ) throws(DecompressionError) {
    var codings: [ContentCoding] = []
    var start = 0
    while start < contentEncoding.count {
      let comma = BodyBytes.index(of: UInt8(ascii: ","), in: contentEncoding, start..<contentEncoding.count)
      var range = start..<(comma ?? contentEncoding.count)
      start = range.upperBound &+ 1
      while let first = range.first, BodyBytes.isBlank(contentEncoding[first]) {
        range = (first &+ 1)..<range.upperBound
      }
      while let last = range.last, BodyBytes.isBlank(contentEncoding[last]) { range = range.lowerBound..<last }
      let name = contentEncoding.extracting(range)
      if name.isEmpty || (name.count == 8 && BodyBytes.has("identity", in: name, at: 0, ignoringCase: true)) {
        continue
      }
      guard let coding = ContentCoding(name) else { throw .unsupported }
      guard codings.count < limits.layers else { throw .layers }
      codings.append(coding)
    }
    try self.init(codings, limits: limits)
  }

  /// Whether there is nothing to undo.
  package var isIdentity: Bool { stages.isEmpty }

  /// Appends what a piece of the body becomes. After an error `output` has what came before it, and every call ends in
  /// the same error.
  package mutating func decompress(
    _ part: Span<UInt8>, into output: inout [UInt8]
  ) throws(DecompressionError) {
    if let failure { throw failure }
    received &+= part.count
    do throws(DecompressionError) {
      try run(0, part, into: &output)
    } catch {
      failure = error
      throw error
    }
  }

  /// Ends the body: it must be whole.
  package mutating func finish() throws(DecompressionError) {
    if let failure { throw failure }
    guard received > 0 else { return }
    for stage in stages {
      let isComplete =
        switch stage {
        case .zlib(let decoder): decoder.isComplete
        case .brotli(let decoder): decoder.isComplete
        case .zstd(let decoder): decoder.isComplete
        }
      guard isComplete else {
        failure = .malformed
        throw .malformed
      }
    }
  }

  private mutating func run(
    _ index: Int, _ input: Span<UInt8>, into output: inout [UInt8]
  ) throws(DecompressionError) {
    guard index < stages.count else {
      output.append(copying: input)
      return
    }
    var position = 0
    var isFull = false
    var chunk: [UInt8] = []
    swap(&chunk, &scratch[index])
    while position < input.count || isFull {
      chunk.removeAll(keepingCapacity: true)
      let wrong =
        switch stages[index] {
        case .zlib(let decoder): decoder.decode(input, &position, into: &chunk)
        case .brotli(let decoder): decoder.decode(input, &position, into: &chunk)
        case .zstd(let decoder): decoder.decode(input, &position, into: &chunk)
        }
      isFull = chunk.count == Self.chunkBytes
      let (kept, problem) = admitted(chunk.count, from: index)
      try run(index &+ 1, chunk.span.extracting(first: kept), into: &output)
      if let problem = problem ?? wrong { throw problem }
    }
    swap(&chunk, &scratch[index])
  }

  /// How many more bytes of a stage are within the limits.
  private mutating func admitted(_ count: Int, from index: Int) -> (Int, DecompressionError?) {
    let size = limits.outputBytes &- outputs[index]
    let (product, overflows) = limits.ratio.multipliedReportingOverflow(by: received)
    let allowed = overflows ? Int.max : max(product, limits.ratioFreeBytes)
    let left = min(size, allowed &- outputs[index])
    let kept = max(0, min(count, left))
    outputs[index] &+= kept
    guard kept < count else { return (kept, nil) }
    return (kept, left == size ? .size : .ratio)
  }
}
