// The errors and files of this module's interface are those of Files.
@_exported public import Files
