// `import DCAE` gives a program all it needs to open, convert and run an autoencoder.
@_exported public import CheckpointIO
@_exported public import CheckpointNetwork
@_exported public import DCAENetwork
@_exported public import Images
@_exported public import Kernels
@_exported public import ModelZoo
@_exported public import TensorCore
