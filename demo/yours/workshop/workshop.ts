import { OpfsStore, type LossName, type NdArray, type Predictor } from 'gradlens'
import { exposeExplainers } from 'gradlens/worker'
import type { DataSet } from '../data/data-set.js'
import { encodeLabels, type EncodedLabels } from '../data/encode-labels.js'
import type { FormField } from '../data/encode-table.js'
import { arrangeLabels, listLosses } from '../data/losses.js'
import { readData } from '../data/read-data.js'
import { Encoders } from '../encoders/create-encoder.js'
import type {
  Asked,
  EncodedExample,
  Encoder,
  EncodingPlan,
  ShownExamples,
} from '../encoders/encoder.js'
import { FileError, type NamedFile } from '../files/named-file.js'
import { findInputKind } from '../models/input-kind.js'
import type { ModelFacts, OutputFacts, TextFacts } from '../models/model-facts.js'
import { openModel } from '../models/open-model.js'
import { readClassNames, readVocabulary } from '../models/side-files.js'
import { formatShape, type OpenedModel } from '../models/opened-model.js'
import { describeData, type DataFacts } from './data-facts.js'
import { exportProject, type ExportPlan } from './export-project.js'
import type { WorkOptions } from './messages.js'
import { createBaseline, type BaselineName } from './baselines.js'
import { chooseParameters, listParameterGroups, type ParameterGroup } from './parameter-groups.js'
import { labelByModel } from './predict.js'
import { measureTrial, type Trial } from './trial.js'

/** What the encoded examples are. */
export interface EncodedFacts {
  readonly count: number
  /** Bytes of the examples as the model takes them. */
  readonly byteLength: number
  readonly labelKind: EncodedLabels['kind']
  readonly classNames: readonly string[]
  /** A class index or a value per example; null if there are none, or several values. */
  readonly labels: NdArray | null
  readonly losses: readonly LossName[]
  readonly featureNames: readonly string[]
  readonly problems: readonly string[]
}

/** How a model is explained. */
export interface ConnectPlan {
  readonly output: string
  readonly loss: LossName
  /** The name of a group of parameters; null for all. */
  readonly parameters: string | null
  /** The name of the OPFS store for the gradients; null for memory. */
  readonly store: string | null
}

/** The model and the examples of the page Yours, in a worker. */
export class Workshop {
  #model: OpenedModel | undefined
  #data: DataSet | undefined
  #dataClassNames: readonly string[] = []
  #vocabulary: TextFacts | undefined
  #encoders: Encoders | undefined
  #encoder: Encoder | undefined
  #labels: EncodedLabels = { kind: 'none' }

  /** Opens the model in the files. @throws FileError */
  async openModel(files: readonly NamedFile[], options: WorkOptions): Promise<ModelFacts> {
    options.signal.throwIfAborted()
    const model = await openModel(files)
    this.#model?.dispose()
    this.#model = model
    this.#forgetEncoding()
    return model.facts
  }

  /** Reads the examples in the files. @throws FileError */
  async readData(files: readonly NamedFile[], options: WorkOptions): Promise<DataFacts> {
    options.signal.throwIfAborted()
    const [data, names, vocabulary] = await Promise.all([
      readData(files),
      readClassNames(files),
      readVocabulary(files),
    ])
    this.#vocabulary = vocabulary
    this.#data = data
    this.#dataClassNames = names
    this.#forgetEncoding()
    return describeData(data)
  }

  /**
   * Makes of the examples what the model takes, and of the labels what its output takes.
   *
   * @throws FileError if they don't fit
   */
  async encode(output: string, plan: EncodingPlan, options: WorkOptions): Promise<EncodedFacts> {
    const encoder = await this.#createEncoder(plan, options)
    // A newer call may have ended while pictures were decoded.
    options.signal.throwIfAborted()
    const facts = this.#outputOf(output)
    const labels = this.#encodeLabels(encoder, facts)
    this.#encoder = encoder
    this.#labels = labels
    const { count, featureNames, problems } = encoder
    return {
      count,
      featureNames,
      problems,
      byteLength: encoder.encode(0, 1).data.byteLength * count,
      labelKind: labels.kind,
      classNames: labels.kind === 'classes' ? labels.names : this.#modelOf().facts.classNames,
      labels: describeLabels(labels, facts.size),
      losses: listLosses(facts.size, facts.activation, labels),
    }
  }

  /** Runs the model on some examples, encoded in another way, and compares with their labels. */
  async tryPlan(output: string, plan: EncodingPlan, options: WorkOptions): Promise<Trial> {
    const encoder = await this.#createEncoder(plan, options)
    const facts = this.#outputOf(output)
    const labels = this.#encodeLabels(encoder, facts)
    const predictor = await this.#modelOf().createPredictor(output)
    return measureTrial(predictor, encoder, labels, facts.size)
  }

  /** The groups of parameters that gradients can be limited to. */
  async listParameters(output: string, options: WorkOptions): Promise<readonly ParameterGroup[]> {
    options.signal.throwIfAborted()
    return listParameterGroups(await this.#modelOf().createPredictor(output))
  }

  /** Exposes explainers on a port, with the examples as `xTrain` and `yTrain`. */
  async connect(port: MessagePort, plan: ConnectPlan, options: WorkOptions): Promise<void> {
    options.signal.throwIfAborted()
    const encoder = this.#encoderOf()
    const predictor = await this.#modelOf().createPredictor(plan.output)
    const xTrain = encoder.encode(0, encoder.count)
    const { size } = this.#outputOf(plan.output)
    const labels = await this.#labelsOf(predictor, xTrain, plan.output)
    const parameters = chooseParameters(plan.parameters)
    const store = plan.store === null ? undefined : new OpfsStore(plan.store)
    exposeExplainers(port, () => ({
      predictor,
      values: { xTrain, yTrain: arrangeLabels(labels, plan.loss, size), parameters, store },
    }))
    port.start()
  }

  /** A project that explains an example with the same model, examples and options, as a zip. */
  async exportProject(
    plan: ExportPlan,
    parameters: string | null,
    options: WorkOptions,
  ): Promise<Blob> {
    options.signal.throwIfAborted()
    const encoder = this.#encoderOf()
    const predictor = await this.#modelOf().createPredictor(plan.output)
    const xTrain = encoder.encode(0, encoder.count)
    const { size } = this.#outputOf(plan.output)
    return exportProject(plan, {
      model: this.#modelOf(),
      predictor,
      isChosen: chooseParameters(parameters),
      xTrain,
      labels: await this.#labelsOf(predictor, xTrain, plan.output),
      size,
    })
  }

  /** An example as the model takes it. @throws FileError for one that it can't take */
  async ask(asked: Asked, options: WorkOptions): Promise<EncodedExample> {
    options.signal.throwIfAborted()
    return this.#encoderOf().ask(asked)
  }

  /** Training examples as elements show them; null if the explanation's own arrays do. */
  show(indices: readonly number[]): Promise<ShownExamples | null> {
    return Promise.resolve(this.#encoderOf().show(indices))
  }

  /** Pictures of training examples; null without. */
  pictures(indices: readonly number[]): Promise<(Blob | null)[]> {
    const encoder = this.#encoderOf()
    return Promise.all(indices.map((index) => encoder.picture(index)))
  }

  /** The fields of a form, with the values of a training example. */
  form(index: number): Promise<readonly FormField[]> {
    return Promise.resolve(this.#encoderOf().form(index))
  }

  /** The example that attributions start from, [1, …]. */
  baseline(name: BaselineName): Promise<NdArray | null> {
    return Promise.resolve(createBaseline(this.#encoderOf(), name))
  }

  /** The labels of the examples; without any, the model's answers. */
  async #labelsOf(
    predictor: Predictor,
    xTrain: NdArray,
    output: string,
  ): Promise<Exclude<EncodedLabels, { kind: 'none' }>> {
    if (this.#labels.kind !== 'none') return this.#labels
    const { size, activation } = this.#outputOf(output)
    return labelByModel(predictor, xTrain, size, activation)
  }

  /** Names of classes are the model's, or those of a file beside the examples. */
  #encodeLabels(
    encoder: Encoder,
    output: Omit<Parameters<typeof encodeLabels>[1], 'classNames'>,
  ): EncodedLabels {
    const own = this.#modelOf().facts.classNames
    return encodeLabels(encoder.labels, {
      ...output,
      classNames: own.length > 0 ? own : this.#dataClassNames,
    })
  }

  async #createEncoder(plan: EncodingPlan, options: WorkOptions): Promise<Encoder> {
    const { facts } = this.#modelOf()
    if (this.#data === undefined) throw new Error('There are no examples yet.')
    this.#encoders ??= new Encoders(this.#data, facts, findInputKind(facts), this.#vocabulary)
    return this.#encoders.create(plan, options)
  }

  #forgetEncoding(): void {
    this.#encoders = undefined
    this.#encoder = undefined
  }

  #modelOf(): OpenedModel {
    if (this.#model === undefined) throw new Error('There is no model yet.')
    return this.#model
  }

  #encoderOf(): Encoder {
    if (this.#encoder === undefined) throw new Error('The examples are not encoded yet.')
    return this.#encoder
  }

  #outputOf(name: string): Pick<OutputFacts, 'activation'> & { readonly size: number } {
    const output = this.#modelOf().facts.outputs.find((own) => own.name === name)
    const { shape } = output ?? {}
    const [size] = shape ?? []
    if (output === undefined || shape?.length !== 1 || typeof size !== 'number') {
      throw new FileError(
        `The output '${name}' has the shape ${formatShape(shape ?? [])}. This page takes outputs of one axis, such as one number per class; the gradlens library takes sequences too.`,
      )
    }
    return { size, activation: output.activation }
  }
}

/** Labels for elements: a class or a value per example. */
function describeLabels(labels: EncodedLabels, size: number): NdArray | null {
  if (labels.kind === 'classes') return { data: labels.indices, shape: [labels.indices.length] }
  if (labels.kind === 'values' && size === 1) {
    return { data: labels.values, shape: [labels.values.length] }
  }
  return null
}
