/// The kinds of refusals. Their names are part of the JSON contract: none is changed or given another meaning.
public enum RefusalKind: String, Sendable, CaseIterable {
    // MARK: How a command ended

    /// A check found something; the result says what.
    case finding
    /// Some of the inputs could not be used; the result names them.
    case someFailed = "some_failed"
    /// The command line is wrong.
    case usage
    /// An error that has no kind of its own.
    case unexpected
    /// The work was ended on request.
    case stopped

    // MARK: Names and choices

    /// No variant of this name is known.
    case unknownVariant = "unknown_variant"
    /// Several variants are possible.
    case ambiguousVariant = "ambiguous_variant"
    /// No family of this name is known.
    case unknownFamily = "unknown_family"
    /// The variant does not exist in this layout.
    case layoutNotPublished = "layout_not_published"
    /// The file has no section of this name.
    case noSuchSection = "no_such_section"
    /// Several sections hold weights.
    case ambiguousSection = "ambiguous_section"
    /// The file has no tensor of this name.
    case noSuchTensor = "no_such_tensor"
    /// Several tensors are possible.
    case ambiguousTensor = "ambiguous_tensor"
    /// An option has a value that cannot be used here.
    case badOption = "bad_option"

    // MARK: Files

    /// There is no such file or folder.
    case noSuchFile = "no_such_file"
    /// It is a folder, a device or a pipe.
    case notAFile = "not_a_file"
    /// The output exists already.
    case alreadyExists = "already_exists"
    /// The output cannot be written to that place.
    case badOutput = "bad_output"
    /// Another program uses it.
    case inUse = "in_use"
    /// The file changed while it was used.
    case changed
    /// The operating system refused.
    case system
    /// There is not enough memory.
    case outOfMemory = "out_of_memory"
    /// There is not enough room on the disk.
    case noSpace = "no_space"
    /// It is larger than what is accepted.
    case tooLarge = "too_large"
    /// The folder holds no checkpoint.
    case noCheckpoint = "no_checkpoint"
    /// The folder holds several checkpoints.
    case severalCheckpoints = "several_checkpoints"
    /// The file has a format that is not read.
    case unknownFormat = "unknown_format"
    /// A download or a run left it incomplete.
    case unfinished
    /// The file breaks the rules of its format: it is damaged or cut off.
    case damagedFile = "damaged_file"
    /// The file needs something that is refused for safety.
    case unsafeFile = "unsafe_file"
    /// The file is sound, but holds something that is not supported.
    case unsupported

    // MARK: Models

    /// It is not a DC-AE.
    case notDCAE = "not_dcae"
    /// The information about the model is contradictory.
    case contradiction
    /// The tensors do not match the network.
    case wrongStructure = "wrong_structure"
    /// The configuration cannot be used.
    case badConfig = "bad_config"
    /// There is no scaling factor.
    case noScalingFactor = "no_scaling_factor"
    /// It is one part of the autoencoder, and another one is needed.
    case partAlone = "part_alone"
    /// The registry cannot be used.
    case badRegistry = "bad_registry"

    // MARK: Work

    /// There is nothing to do.
    case nothingToDo = "nothing_to_do"
    /// A cast would make finite values infinite.
    case castLoss = "cast_loss"
    /// The output differs from the source.
    case roundtripFailed = "roundtrip_failed"
    /// A picture or tensor has sizes that cannot be used.
    case wrongSize = "wrong_size"
    /// A tensor has elements that cannot be used.
    case wrongType = "wrong_type"
    /// A value is NaN or infinite, or beyond what the format holds.
    case outOfRange = "out_of_range"
    /// The options contradict the latent's metadata.
    case latentContradicts = "latent_contradicts"
    /// A picture or a tensor could not be measured; the message says why and what to do.
    case unreadableInput = "unreadable_input"
    /// There are no pictures or tensors.
    case noInputs = "no_inputs"
    /// Two inputs have the same name or the same output.
    case sameName = "same_name"
    /// A picture has no partner, or several.
    case noPartner = "no_partner"
    /// Nothing could be measured.
    case nothingMeasured = "nothing_measured"
    /// The results come from different runs.
    case otherRun = "other_run"
    /// Parts of a run are missing or unfinished.
    case partsMissing = "parts_missing"
    /// Weights or statistics that a measure needs are missing or are the wrong ones.
    case badWeights = "bad_weights"
    /// A library that is needed is not installed.
    case missingLibrary = "missing_library"

    // MARK: The Hub

    /// The network is needed, but offline mode is on.
    case offline
    /// It is not in the cache.
    case notCached = "not_cached"
    /// The server cannot be reached, or answers wrongly.
    case network
    /// The server has no such repository, revision or file.
    case notOnHub = "not_on_hub"
    /// The server asks for a login.
    case accessDenied = "access_denied"
    /// The download differs from what the server listed.
    case badDownload = "bad_download"
}
