// All that a program needs which opens, converts or runs an autoencoder: `import DCAE`.
@_exported public import CheckpointIO
@_exported public import CheckpointNetwork
@_exported public import DCAENetwork
@_exported public import Images
@_exported public import Kernels
@_exported public import ModelZoo
@_exported public import TensorCore
