"""The PyTorch networks of tests/fixtures/torch: each small, each with operators that real models have."""

import torch
from torch import nn
from torch.nn import functional as F


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(24, 16)
        self.fc2 = nn.Linear(16, 16)
        self.fc3 = nn.Linear(16, 5)

    def forward(self, x):
        return self.fc3(torch.tanh(self.fc2(torch.relu(self.fc1(x)))))


class Cnn(nn.Module):
    """Batch norm, max pooling with padding, grouped and dilated convolutions, a residual sum, a transposed one."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.grouped = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=4)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.up = nn.ConvTranspose2d(8, 6, 3, stride=2, padding=1, output_padding=1)
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        x = self.pool(x + F.silu(self.grouped(x)))
        return self.head(F.leaky_relu(self.up(x)).mean((2, 3)))


class Encoder(nn.Module):
    """nn.TransformerEncoder over token and position embeddings, mean pooled."""

    def __init__(self, tokens=20, length=6, width=8):
        super().__init__()
        self.tok = nn.Embedding(tokens, width)
        self.pos = nn.Parameter(torch.randn(length, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 2, 12, dropout=0.0, activation="gelu", batch_first=True)
        self.enc = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 3)

    def forward(self, ids):
        return self.head(self.norm(self.enc(self.tok(ids) + self.pos)).mean(1))


class TextClassifier(nn.Module):
    """The mean of the token embeddings that are not padding, and two dense layers."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 6, padding_idx=0)
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 4)

    def forward(self, ids):
        mask = (ids != 0).unsqueeze(-1).to(torch.float32)
        mean = (self.embedding(ids) * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        return self.fc2(F.elu(self.fc1(mean)))


class TextCnn(nn.Module):
    """Convolutions of two widths over token embeddings, each with its maximum over time."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 6)
        self.convs = nn.ModuleList([nn.Conv1d(6, 4, width) for width in (2, 3)])
        self.head = nn.Linear(8, 3)

    def forward(self, ids):
        x = self.embedding(ids).transpose(1, 2)
        pooled = [F.adaptive_max_pool1d(F.relu(conv(x)), 1).squeeze(-1) for conv in self.convs]
        return self.head(torch.cat(pooled, 1))


class Block(nn.Module):
    """A pre-norm transformer block with one Linear for queries, keys and values."""

    def __init__(self, width, heads, is_causal):
        super().__init__()
        self.heads = heads
        self.is_causal = is_causal
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def attend(self, x):
        batch, length, width = x.shape
        q, k, v = (
            t.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for t in self.qkv(x).split(width, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """A causal language model whose head shares the weights of the token embedding."""

    def __init__(self, tokens=20, length=6, width=8):
        super().__init__()
        self.tok = nn.Embedding(tokens, width)
        self.pos = nn.Embedding(length, width)
        self.blocks = nn.ModuleList([Block(width, 2, True) for _ in range(2)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, tokens, bias=False)
        self.head.weight = self.tok.weight

    def forward(self, ids):
        x = self.tok(ids) + self.pos(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class VisionTransformer(nn.Module):
    """Patches by a convolution, a class token, learned positions."""

    def __init__(self, width=8):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, width) * 0.1)
        self.positions = nn.Parameter(torch.randn(1, 10, width) * 0.1)
        self.blocks = nn.ModuleList([Block(width, 2, False)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + identity)


class ResNet18(nn.Module):
    """ResNet-18 with 2, 4, 8 and 16 channels in place of 64 to 512."""

    def __init__(self, width=2):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        layers, inputs = [], width
        for step in range(4):
            outputs = width * 2**step
            stride = 1 if step == 0 else 2
            layers.append(nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)))
            inputs = outputs
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, 5)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


class InvertedResidual(nn.Module):
    """MobileNetV3's block: expand, depthwise, squeeze and excite, project."""

    def __init__(self, inputs, expanded, outputs, kernel, stride, activation, squeezes):
        super().__init__()
        self.expand = nn.Conv2d(inputs, expanded, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(expanded)
        self.depthwise = nn.Conv2d(
            expanded, expanded, kernel, stride, kernel // 2, groups=expanded, bias=False
        )
        self.bn2 = nn.BatchNorm2d(expanded)
        self.squeeze = nn.Conv2d(expanded, 4, 1) if squeezes else None
        self.excite = nn.Conv2d(4, expanded, 1) if squeezes else None
        self.project = nn.Conv2d(expanded, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.activation = activation
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.activation(self.bn1(self.expand(x)))
        y = self.activation(self.bn2(self.depthwise(y)))
        if self.squeeze is not None:
            scale = F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))
            y = y * F.hardsigmoid(self.excite(scale))
        y = self.bn3(self.project(y))
        return x + y if self.is_residual else y


class MobileNetV3(nn.Module):
    """The stem, four blocks and the head of MobileNetV3, with few channels."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.features = nn.Sequential(
            InvertedResidual(4, 6, 4, 3, 1, nn.ReLU(), True),
            InvertedResidual(4, 8, 6, 3, 2, nn.ReLU(), False),
            InvertedResidual(6, 10, 6, 5, 1, nn.Hardswish(), True),
            InvertedResidual(6, 12, 8, 5, 2, nn.Hardswish(), True),
        )
        self.last = nn.Conv2d(8, 12, 1)
        self.classifier = nn.Sequential(nn.Linear(12, 10), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(10, 4))

    def forward(self, x):
        x = self.features(F.hardswish(self.bn(self.stem(x))))
        x = F.adaptive_avg_pool2d(F.hardswish(self.last(x)), 1)
        return self.classifier(torch.flatten(x, 1))


class UNet(nn.Module):
    """Two levels down and up, by a transposed convolution and by bilinear upsampling; one class per pixel."""

    def __init__(self):
        super().__init__()
        self.down1 = nn.Conv2d(1, 4, 3, padding=1)
        self.down2 = nn.Conv2d(4, 6, 3, padding=1)
        self.bottom = nn.Conv2d(6, 8, 3, padding=1)
        self.norm = nn.GroupNorm(2, 8)
        self.up2 = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.join2 = nn.Conv2d(12, 6, 3, padding=1)
        self.join1 = nn.Conv2d(10, 4, 3, padding=1, bias=False)
        self.instance = nn.InstanceNorm2d(4, affine=True)
        self.head = nn.Conv2d(4, 3, 1)

    def forward(self, x):
        a = F.relu(self.down1(x))
        b = F.relu(self.down2(F.max_pool2d(a, 2)))
        c = F.relu(self.norm(self.bottom(F.avg_pool2d(b, 2))))
        c = F.relu(self.join2(torch.cat([self.up2(c), b], 1)))
        c = F.interpolate(c, scale_factor=2.0, mode="bilinear", align_corners=False)
        c = F.softplus(self.instance(self.join1(torch.cat([c, a], 1))))
        return self.head(c).permute(0, 2, 3, 1)


class Recurrent(nn.Module):
    """Token embeddings, a recurrent layer (two layers deep or in both directions), a dense layer."""

    def __init__(self, kind, **options):
        super().__init__()
        self.embedding = nn.Embedding(20, 5)
        self.rnn = kind(5, 4, batch_first=True, **options)
        self.head = nn.Linear(8 if options.get("bidirectional") else 4, 3)

    def forward(self, ids):
        y, _ = self.rnn(self.embedding(ids))
        return self.head(y.mean(1))


def ids(tokens, length, batch):
    return torch.randint(0, tokens, (batch, length))


# Each: the network, a batch of inputs, the number of classes.
BATCH = 3
NETS = {
    "mlp": lambda: (Mlp(), torch.randn(BATCH, 24), 5),
    "cnn": lambda: (Cnn(), torch.randn(BATCH, 3, 12, 12), 5),
    "encoder": lambda: (Encoder(), ids(20, 6, BATCH), 3),
    "text-classifier": lambda: (TextClassifier(), ids(30, 7, BATCH), 4),
    "text-cnn": lambda: (TextCnn(), ids(30, 9, BATCH), 3),
    "gpt": lambda: (Gpt(), ids(20, 6, BATCH), 20),
    "vit": lambda: (VisionTransformer(), torch.randn(BATCH, 3, 12, 12), 4),
    "resnet18": lambda: (ResNet18(), torch.randn(BATCH, 3, 32, 32), 5),
    "mobilenet-v3": lambda: (MobileNetV3(), torch.randn(BATCH, 3, 24, 24), 4),
    "unet": lambda: (UNet(), torch.randn(BATCH, 1, 8, 8), 3),
    "lstm": lambda: (Recurrent(nn.LSTM, bidirectional=True), ids(20, 5, BATCH), 3),
    "gru": lambda: (Recurrent(nn.GRU, num_layers=2), ids(20, 5, BATCH), 3),
}
