/// What a body may cost. A processor that meets a limit says so in its results and stays where it is.
package struct BodyLimits: Sendable, Hashable {
  /// Arguments of one request (`SecArgumentsLimit`); those beyond are not kept.
  package var arguments = 1000
  /// Bytes of all names and values that one processor keeps.
  package var storedBytes = 8 << 20
  /// Objects and arrays within one another (`SecRequestBodyJsonDepthLimit`).
  package var jsonDepth = 512
  /// Parts of a multipart body.
  package var multipartParts = 10_000
  /// Header lines of one part.
  package var multipartHeaders = 64
  /// Files of a multipart body (`SecUploadFileLimit`); counts only where the content of files is kept.
  package var files = 100
  /// Bytes kept of the content of all files together, for `FILES_TMP_CONTENT`; 0 keeps none.
  package var fileContentBytes = 0
  /// Elements within one another.
  package var xmlDepth = 256
  package var xmlElements = 100_000
  /// Attributes of one element.
  package var xmlAttributes = 256

  package init() {}

  package init(arguments: Int) { self.arguments = arguments }
}

/// Why a body could not be read to its end, for `REQBODY_ERROR_MSG`.
package struct BodyError: Error, Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case malformed
    /// A limit of ``BodyLimits``.
    case limit
    /// Well-formed perhaps, but nothing that is read here.
    case unsupported
  }

  package var kind: Kind
  /// Lower case, one line.
  package var message: String
  /// Bytes of the body before the place.
  package var offset: Int

  package init(_ kind: Kind, _ message: String, offset: Int = 0) {
    self.kind = kind
    self.message = message
    self.offset = offset
  }
}
