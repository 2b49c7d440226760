extension MultipartFlags {
  /// The value of a `MULTIPART_…` variable; nil for any other.
  func number(_ variable: Variable) -> Int? {
    switch variable {
    case .multipartBoundaryQuoted: boundaryQuoted ? 1 : 0
    case .multipartBoundaryWhitespace: boundaryWhitespace ? 1 : 0
    case .multipartCRLFLFLines: crlfLFLines ? 1 : 0
    case .multipartDataAfter: dataAfter ? 1 : 0
    case .multipartDataBefore: dataBefore ? 1 : 0
    case .multipartFileLimitExceeded: fileLimitExceeded ? 1 : 0
    case .multipartHeaderFolding: headerFolding ? 1 : 0
    case .multipartInvalidHeaderFolding: invalidHeaderFolding ? 1 : 0
    case .multipartInvalidPart: invalidPart ? 1 : 0
    case .multipartInvalidQuoting: invalidQuoting ? 1 : 0
    case .multipartLFLine: lfLine ? 1 : 0
    case .multipartMissingSemicolon: missingSemicolon ? 1 : 0
    case .multipartStrictError: isStrictError ? 1 : 0
    case .multipartUnmatchedBoundary: Int(unmatchedBoundary)
    default: nil
    }
  }
}

extension Transaction {
  /// Takes over what a multipart body held.
  func take(_ multipart: MultipartProcessor) {
    take(multipart.arguments, into: .argsPost)
    take(multipart.files, into: .files)
    take(multipart.fileContents, into: .filesContent)
    take(multipart.partHeaders, into: .multipartPartHeaders)
    take(multipart.names, into: .multipartName)
    take(multipart.filenames, into: .multipartFilename)
    for item in items(.files) { add(.filesNames, name: item.name, value: item.name) }
    let names = multipart.files.bytes
    for size in multipart.fileSizes {
      let name = Array(names[size.name])
      add(.filesSizes, name: arena.append(name), value: arena.append(number: size.bytes))
    }
    body.filesCombinedBytes = multipart.filesCombinedSize
    multipartFlags = multipart.flags
    note(multipart.error)
    noteOmitted(multipart.omittedArguments)
  }
}
