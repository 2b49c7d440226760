extension MultipartProcessor {
  // MARK: Headers

  /// One line of the headers of a part, its end included.
  mutating func addHeaderLine(_ text: Span<UInt8>) {
    guard BodyBytes.index(of: 0, in: text, 0..<text.count) == nil else {
      return note(BodyError(.malformed, "multipart: nul byte in the headers of a part"))
    }
    bytesOutsideFiles &+= text.count
    let hasReturn = text.count > 1 && text[text.count &- 2] == 0x0d
    if hasReturn { flags.crlfLine = true } else { flags.lfLine = true }
    let body = text.extracting(0..<(text.count &- (hasReturn ? 2 : 1)))
    guard var current = part else { return }
    part = nil
    if body.isEmpty {
      endHeaders(&current)
    } else if BodyBytes.isSpace(text[0]) {
      addFolded(text, &current)
    } else {
      addHeader(body, &current)
    }
    part = current
  }

  private mutating func addHeader(_ line: Span<UInt8>, _ current: inout MultipartPart) {
    guard let colon = BodyBytes.index(of: UInt8(ascii: ":"), in: line, 0..<line.count) else {
      return note(BodyError(.malformed, "multipart: header of a part without a colon"))
    }
    guard colon > 0 else {
      return note(BodyError(.malformed, "multipart: header of a part without a name"))
    }
    for index in 0..<colon where line[index] < 0x21 || line[index] > 0x7e {
      note(BodyError(.malformed, "multipart: invalid character in the name of a part's header"))
      break
    }
    if current.headers.count >= limits.multipartHeaders {
      return stop(BodyError(.limit, "multipart: more than \(limits.multipartHeaders) headers in a part"))
    }
    if header(line.extracting(0..<colon), in: current) != nil {
      note(BodyError(.malformed, "multipart: a part has the same header twice"))
    }
    var value = colon &+ 1
    while value < line.count, BodyBytes.isBlank(line[value]) { value &+= 1 }
    let start = current.lines.count
    current.lines.append(copying: line)
    current.headers.append(
      MultipartPart.Header(
        line: start..<current.lines.count, nameCount: colon, valueStart: start &+ value))
    current.canFold = true
  }

  /// The first header of this name; names compare without regard to case.
  private func header(_ name: Span<UInt8>, in current: MultipartPart) -> Int? {
    for (index, header) in current.headers.enumerated() where header.nameCount == name.count {
      var offset = 0
      while offset < name.count,
        BodyBytes.lowercase(current.lines[header.line.lowerBound &+ offset]) == BodyBytes.lowercase(name[offset])
      {
        offset &+= 1
      }
      if offset == name.count { return index }
    }
    return nil
  }

  /// A line that continues the header before it. Such a header is kept as `Name: value`, joined by spaces.
  private mutating func addFolded(_ text: Span<UInt8>, _ current: inout MultipartPart) {
    flags.headerFolding = true
    guard current.canFold, var header = current.headers.popLast() else {
      if !BodyBytes.isBlank(text[0]) { flags.invalidHeaderFolding = true }
      return note(BodyError(.malformed, "multipart: the headers of a part begin with a continuation"))
    }
    var start = 0
    while start < text.count, BodyBytes.isSpace(text[start]) {
      if !BodyBytes.isBlank(text[start]) { flags.invalidHeaderFolding = true }
      start &+= 1
    }
    var end = text.count
    while end > start, text[end &- 1] == 0x0a || text[end &- 1] == 0x0d { end &-= 1 }
    if !header.isFolded {
      let value = Array(current.lines[header.valueStart..<header.line.upperBound])
      current.lines.removeLast(current.lines.count &- header.line.lowerBound &- header.nameCount)
      current.lines.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
      header.valueStart = current.lines.count
      current.lines.append(contentsOf: value)
      header.isFolded = true
    }
    if current.lines.count &- header.valueStart &+ (end &- start) >= Self.maximumLineBytes {
      note(BodyError(.malformed, "multipart: header of more than \(Self.maximumLineBytes) bytes"))
    } else {
      current.lines.append(UInt8(ascii: " "))
      current.lines.append(copying: text.extracting(start..<end))
    }
    header.line = header.line.lowerBound..<current.lines.count
    current.headers.append(header)
  }

  private mutating func endHeaders(_ current: inout MultipartPart) {
    current.isInHeaders = false
    current.canFold = false
    let wanted: [UInt8] = Array("content-disposition".utf8)
    guard let index = header(wanted.span, in: current) else {
      invalidPart("a part has no content-disposition")
      return beginArgument([], &current)
    }
    let header = current.headers[index]
    let value = Array(current.lines[header.valueStart..<header.line.upperBound])
    let disposition = ContentDisposition(value.span)
    if disposition.hasInvalidQuoting { flags.invalidQuoting = true }
    if let failure = disposition.failure {
      invalidPart("invalid content-disposition: \(failure)")
    } else if disposition.name.isEmpty {
      invalidPart("content-disposition without a name")
    }
    if !disposition.name.isEmpty { names.append(nameAndValue: disposition.name.span) }
    if !disposition.filename.isEmpty { filenames.append(nameAndValue: disposition.filename.span) }
    if !disposition.extendedFilename.isEmpty { filenames.append(nameAndValue: disposition.extendedFilename.span) }
    if disposition.filename.isEmpty || disposition.failure != nil {
      if !disposition.filename.isEmpty {
        files.append(name: disposition.name.span, value: disposition.filename.span)
      }
      beginArgument(disposition.name, &current)
    } else {
      beginFile(disposition, &current)
    }
  }

  private mutating func invalidPart(_ what: String) {
    flags.invalidPart = true
    note(BodyError(.malformed, "multipart: \(what)"))
  }

  /// Gives the headers of a part to it by its name.
  private mutating func keepHeaders(_ name: Span<UInt8>, _ current: inout MultipartPart) {
    var headers: [MultipartPart.Header] = []
    swap(&headers, &current.headers)
    for (index, header) in headers.enumerated() {
      let line = current.lines.span.extracting(header.line)
      if index == 0 {
        partHeaders.append(name: name, value: line)
      } else {
        partHeaders.append(valueOfSameName: line)
      }
    }
  }

  // MARK: Data

  private mutating func beginArgument(_ name: [UInt8], _ current: inout MultipartPart) {
    keepHeaders(name.span, &current)
    guard arguments.count < limits.arguments else {
      omittedArguments &+= 1
      return
    }
    let start = arguments.bytes.count
    arguments.extend(name.span)
    current.destination = .argument(start..<arguments.bytes.count)
    checkStored()
  }

  private mutating func beginFile(_ disposition: ContentDisposition, _ current: inout MultipartPart) {
    keepHeaders(disposition.name.span, &current)
    let start = files.bytes.count
    files.append(name: disposition.name.span, value: disposition.filename.span)
    fileSizes.append((name: start..<(start &+ disposition.name.count), bytes: 0))
    if !disposition.extendedFilename.isEmpty {
      files.append(valueOfSameName: disposition.extendedFilename.span)
    }
    current.destination = .file
    checkStored()
    guard limits.fileContentBytes > 0 else { return }
    if fileSizes.count > limits.files {
      flags.fileLimitExceeded = true
      return note(BodyError(.limit, "multipart: more than \(limits.files) files"))
    }
    let contentStart = fileContents.bytes.count
    fileContents.extend(disposition.name.span)
    current.destination = .keptFile(contentStart..<fileContents.bytes.count)
  }

  /// A line of the data of a part, or a piece of one. The line end waits until it is clear that no boundary follows.
  mutating func addData(_ text: Span<UInt8>) {
    part?.hasData = true
    let held = part?.heldLineEnd ?? 0
    if held == 2 { add([0x0d, 0x0a]) } else if held == 1 { add([0x0a]) }
    var end = text.count
    if end > 0, text[end &- 1] == 0x0a { end &-= end > 1 && text[end &- 2] == 0x0d ? 2 : 1 }
    part?.heldLineEnd = text.count &- end
    add(text.extracting(0..<end))
  }

  private mutating func add(_ bytes: [UInt8]) { add(bytes.span) }

  private mutating func add(_ bytes: Span<UInt8>) {
    guard let destination = part?.destination else { return }
    switch destination {
    case .nothing: bytesOutsideFiles &+= bytes.count
    case .argument:
      bytesOutsideFiles &+= bytes.count
      arguments.extend(bytes)
      checkStored()
    case .file, .keptFile:
      fileSizes[fileSizes.count &- 1].bytes &+= bytes.count
      guard case .keptFile = destination else { return }
      let left = limits.fileContentBytes &- fileContents.bytes.count
      if left > 0 { fileContents.extend(bytes.extracting(first: left)) }
    }
  }

  /// What the pieces end with, when no boundary came.
  mutating func addUnendedLine(_ text: Span<UInt8>) {
    guard !text.isEmpty else { return }
    guard let current = part else {
      flags.dataBefore = true
      return
    }
    if !current.isInHeaders { addData(text) }
  }

  mutating func endPart() {
    guard var current = part else { return }
    part = nil
    if current.isInHeaders { flags.invalidPart = true }
    let noName: [UInt8] = []
    if !current.headers.isEmpty { keepHeaders(noName.span, &current) }
    switch current.destination {
    case .argument(let name): arguments.endField(name: name)
    case .keptFile(let name): fileContents.endField(name: name)
    case .nothing, .file: break
    }
  }

  private mutating func checkStored() {
    let stored = arguments.bytes.count &+ files.bytes.count &+ partHeaders.bytes.count &+ names.bytes.count
    if stored > limits.storedBytes {
      stop(BodyError(.limit, "multipart: names and values of more than \(limits.storedBytes) bytes"))
    }
  }
}
