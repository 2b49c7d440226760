/// What is odd about a multipart body, each a variable of the language (`MULTIPART_…`).
package struct MultipartFlags: Sendable, Hashable {
  /// The body could not be read as it should (``MultipartProcessor/error``).
  package var processorError = false
  package var boundaryQuoted = false
  /// White space around the `=` of the boundary parameter.
  package var boundaryWhitespace = false
  package var dataBefore = false
  package var dataAfter = false
  package var headerFolding = false
  /// A header or boundary line, or the line before a boundary, ends without a carriage return.
  package var lfLine = false
  /// A header or boundary line ends as it should.
  package var crlfLine = false
  package var missingSemicolon = false
  package var invalidQuoting = false
  package var invalidPart = false
  package var invalidHeaderFolding = false
  package var fileLimitExceeded = false
  /// 0; 1: a line looks like a boundary of another kind; 2: so it did before the last boundary that fits, or there was
  /// more than one boundary.
  package var unmatchedBoundary: UInt8 = 0

  package init() {}

  /// `MULTIPART_CRLF_LF_LINES`: both kinds of line ends.
  package var crlfLFLines: Bool { crlfLine && lfLine }

  /// `MULTIPART_STRICT_ERROR`: any but unmatched boundaries, which have a variable of their own, as in ModSecurity 3.
  package var isStrictError: Bool {
    processorError || boundaryQuoted || boundaryWhitespace || dataBefore || dataAfter || headerFolding || lfLine
      || missingSemicolon || invalidQuoting || invalidPart || invalidHeaderFolding || fileLimitExceeded
  }
}
