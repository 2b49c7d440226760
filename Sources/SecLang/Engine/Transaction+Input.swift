extension Transaction {
  /// The ends of the connection: addresses as text.
  public func connection(client: Span<UInt8>, clientPort: Int, server: Span<UInt8>, serverPort: Int) {
    set(.remoteAddress, client)
    set(.remoteHost, value(.remoteAddress))
    set(.serverAddress, server)
    remotePort = clientPort
    self.serverPort = serverPort
  }

  /// The id of the exchange, as logs have it.
  public func identify(_ id: Span<UInt8>) { set(.uniqueID, id) }

  /// The request line.
  /// - Parameters:
  ///   - target: as it came.
  ///   - version: such as `HTTP/1.1`.
  public func requestLine(method: Span<UInt8>, target: Span<UInt8>, version: Span<UInt8>) {
    let start = arena.count
    let methodSlice = arena.append(method)
    _ = arena.append([0x20])
    let targetSlice = arena.append(target)
    _ = arena.append([0x20])
    let versionSlice = arena.append(version)
    set(.requestLine, Slice(start..<arena.count))
    set(.requestMethod, methodSlice)
    set(.requestProtocol, versionSlice)
    set(.requestURIRaw, targetSlice)
    takeTarget(targetSlice)
    set(.applicationID, Array(rules.settings.applicationID.utf8))
  }

  private func takeTarget(_ target: Slice) {
    var path = target.range
    if let first = path.first, arena[first] != 0x2f, let end = authorityEnd(target) { path = end..<path.upperBound }
    set(.requestURI, Slice(path))
    var end = path.upperBound
    if let hash = path.first(where: { arena[$0] == 0x23 }) { end = hash }
    var filenameEnd = end
    if let question = (path.lowerBound..<end).first(where: { arena[$0] == 0x3f }) {
      filenameEnd = question
      let query = Slice((question + 1)..<end)
      set(.queryString, query)
      takeArguments(query)
    } else {
      set(.queryString, Slice(end..<end))
    }
    let filename = percentDecoded(Slice(path.lowerBound..<filenameEnd))
    set(.requestFilename, filename)
    let slash = filename.range.last { arena[$0] == 0x2f || arena[$0] == 0x5c }
    set(.requestBasename, Slice((slash.map { $0 + 1 } ?? filename.range.lowerBound)..<filename.range.upperBound))
    set(.pathInfo, filename)
  }

  /// A path with its escapes resolved; what is no escape stays.
  private func percentDecoded(_ slice: Slice) -> Slice {
    let range = slice.range
    guard range.contains(where: { arena[$0] == 0x25 }) else { return slice }
    var decoded: [UInt8] = []
    var index = range.lowerBound
    while index < range.upperBound {
      if arena[index] == 0x25, index + 2 < range.upperBound, let high = HexDigit.value(arena[index + 1]),
        let low = HexDigit.value(arena[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(arena[index])
        index += 1
      }
    }
    return arena.append(decoded)
  }

  /// Where the authority of an absolute target ends: `http://host/path`.
  private func authorityEnd(_ target: Slice) -> Int? {
    let range = target.range
    let marks = range.dropLast(2)
    guard let mark = marks.first(where: { arena[$0] == 0x3a && arena[$0 + 1] == 0x2f && arena[$0 + 2] == 0x2f }) else {
      return nil
    }
    return range.dropFirst(mark + 3 - range.lowerBound).first { arena[$0] == 0x2f } ?? range.upperBound
  }

  private func takeArguments(_ query: Slice) {
    var processor = URLEncodedProcessor(
      limits: BodyLimits(arguments: rules.settings.argumentsLimit), separator: rules.settings.argumentSeparator)
    arena.read(query) { processor.received($0) }
    processor.finished()
    if processor.hasInvalidEncoding { urlencodedError = true }
    take(processor.fields, into: .argsGet)
  }

  /// Copies the fields of a body processor.
  func take(_ fields: FieldStore, into source: Source) {
    let base = arena.append(fields.bytes).start
    for field in fields.fields {
      add(source, name: Slice(field.name).moved(by: base), value: Slice(field.value).moved(by: base))
    }
  }

  /// One header field, in the order of the request.
  public func requestHeader(name: Span<UInt8>, value: Span<UInt8>) {
    let name = arena.append(name)
    let value = arena.append(value)
    add(.requestHeaders, name: name, value: value)
    switch name.count {
    case 4 where isNamed(name, "host"): takeHost(value)
    case 6 where isNamed(name, "cookie"): takeCookies(value)
    case 12 where isNamed(name, "content-type"):
      body.contentType = value
      if let kind = kindByContentType() { set(.requestBodyProcessor, Array(kind.name.utf8)) }
    default: break
    }
  }

  /// Whether a slice is this text, which is in lower case.
  func isNamed(_ slice: Slice, _ text: StaticString) -> Bool {
    guard slice.count == text.utf8CodeUnitCount else { return false }
    // invariant: a static string of ASCII has that many bytes behind its pointer.
    return text.withUTF8Buffer { expected in
      for index in 0..<slice.count where ASCII.lower(arena[Int(slice.start) + index]) != expected[index] {
        return false
      }
      return true
    }
  }

  private func takeHost(_ value: Slice) {
    let range = value.range
    let isLiteral = range.first.map { arena[$0] == 0x5b } ?? false
    let colon = isLiteral ? range.last { arena[$0] == 0x5d }.map { $0 + 1 } : range.last { arena[$0] == 0x3a }
    set(.serverName, Slice(range.lowerBound..<(colon ?? range.upperBound)))
  }

  private func takeCookies(_ value: Slice) {
    var fields = FieldStore()
    arena.read(value) { _ = CookieParser.parse($0, into: &fields) }
    take(fields, into: .cookies)
  }

  // MARK: Reply

  /// The status line of the reply.
  public func responseStatus(_ status: Int, version: Span<UInt8>) {
    set(.responseStatus, arena.append(number: status))
    set(.responseProtocol, version)
    let start = arena.append(version)
    _ = arena.append([0x20])
    let end = arena.append(number: status)
    set(.statusLine, Slice(start.range.lowerBound..<end.range.upperBound))
  }

  /// One header field of the reply.
  public func responseHeader(name: Span<UInt8>, value: Span<UInt8>) {
    let name = arena.append(name)
    let value = arena.append(value)
    add(.responseHeaders, name: name, value: value)
    if isNamed(name, "content-type") {
      let end = value.range.first { arena[$0] == 0x3b || arena[$0] == 0x20 }
      set(
        .responseContentType, arena.append(lowercasing: Slice(value.range.lowerBound..<(end ?? value.range.upperBound)))
      )
    }
  }
}

extension Slice {
  func moved(by distance: Int32) -> Slice {
    var slice = self
    slice.start &+= distance
    slice.end &+= distance
    return slice
  }
}
