export {
  reportHtml,
  type ReportOptions,
  type ReportPart,
  type ReportSource,
} from './report-html.js'
