// All that a program needs which runs an autoencoder: `import DCAE`.
@_exported public import CheckpointIO
@_exported public import DCAENetwork
@_exported public import Kernels
@_exported public import ModelZoo
@_exported public import TensorCore
