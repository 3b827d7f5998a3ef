/// The sorts of refusals. Their names are part of what `--json` promises: none is changed or given another meaning.
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
    /// The output is there already.
    case alreadyExists = "already_exists"
    /// The output cannot be written there, whatever is there.
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
    /// It is a file of a format that is not read.
    case unknownFormat = "unknown_format"
    /// A download or a run left it unfinished.
    case unfinished
    /// The file breaks the rules of its format: it is damaged or cut off.
    case damagedFile = "damaged_file"
    /// The file asks for what is refused to files of strangers.
    case unsafeFile = "unsafe_file"
    /// The file is sound and holds what is not supported.
    case unsupported

    // MARK: Models

    /// It is no DC-AE.
    case notDCAE = "not_dcae"
    /// What is known of the model contradicts itself.
    case contradiction
    /// The tensors are not those of the network.
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
    /// What was written is not what was read.
    case roundtripFailed = "roundtrip_failed"
    /// A picture or tensor has sizes that cannot be used.
    case wrongSize = "wrong_size"
    /// A tensor has elements that cannot be used.
    case wrongType = "wrong_type"
    /// A value is NaN or infinite, or beyond what the format holds.
    case outOfRange = "out_of_range"
    /// What is said of the latent does not fit what it says itself.
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
    /// Results are of different runs.
    case otherRun = "other_run"
    /// Parts of a run are missing or unfinished.
    case partsMissing = "parts_missing"
    /// Weights or statistics that a measure needs are missing or are others.
    case badWeights = "bad_weights"
    /// A library that is needed is not installed.
    case missingLibrary = "missing_library"

    // MARK: The Hub

    /// The network must not be used.
    case offline
    /// It is not in the cache.
    case notCached = "not_cached"
    /// The server cannot be reached, or does not answer as it should.
    case network
    /// The server has no such repository, revision or file.
    case notOnHub = "not_on_hub"
    /// The server asks for a login.
    case accessDenied = "access_denied"
    /// What was downloaded is not what the server promised.
    case badDownload = "bad_download"
}
