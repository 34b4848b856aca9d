import { LitElement } from 'lit'

export class GlProbabilities extends LitElement {}
