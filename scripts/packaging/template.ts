/** What the packaged CloudFormation template says, and what the validator says of it. */
import { RegoEngine, type StandardDiagnostic, TemplateFile } from '@aws/cloudformation-validate';
import { basename } from 'node:path';

export interface Template {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
}

/** One function as it is deployed. */
export interface PackagedFunction {
  /** Its file name in the package directory. */
  zip: string;
  /** `<module path without extension>.<export>`. */
  handler: string;
  runtime: string;
  /** Its variables; what CloudFormation fills in is the text `placeholder`. */
  environment: Record<string, string>;
}

/** The text of a variable; each part that CloudFormation fills in is `placeholder`. */
function filledIn(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Sub': text } = value as { 'Fn::Sub'?: unknown };
  return typeof text === 'string' ? text.replace(/\$\{[^}]*\}/g, 'placeholder') : 'placeholder';
}

/** The Lambda functions of a template. */
export function functionsOf(template: Template): PackagedFunction[] {
  return Object.values(template.Resources)
    .filter((resource) => resource.Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => {
      const { Code, Handler, Runtime, Environment } = Properties as {
        Code: { S3Key: string };
        Handler: string;
        Runtime: string;
        Environment?: { Variables: Record<string, unknown> };
      };
      const variables = Object.entries(Environment?.Variables ?? {}).map(
        ([name, value]) => [name, filledIn(value)] as const,
      );
      return {
        zip: basename(Code.S3Key),
        handler: Handler,
        runtime: Runtime,
        environment: Object.fromEntries(variables),
      };
    });
}

export interface Validation {
  faults: string[];
  /** How many rules looked at how many resources. */
  rules: number;
  resources: number;
}

/**
 * Validates the template at `path` against the schemas of CloudFormation. Warnings count as faults: each is mended, or
 * excluded below with its reason.
 */
export function validateTemplate(path: string, region: string): Validation {
  const engine = new RegoEngine();
  try {
    const report = engine.validateStandard(new TemplateFile(path), {
      severityLevel: 'WARN',
      pseudoParameterOverrides: { region },
      exclude: {
        // A DependsOn beside a reference: the framework writes both for each function and route.
        ids: ['W3005'],
        // The framework writes the permission of an EventBridge rule with an ARN put together from pseudo parameters.
        resourceIds: ['UpdateDashtasks', 'ScaleDashfleet'].map((name) => ({
          ruleId: 'W9002',
          resourceId: `${name}EventBridgeLambdaPermission2`,
        })),
      },
    });
    const faults = report.diagnostics.map(describe);
    if (report.status !== 'OK') faults.push(`the validation itself ended as ${report.status}`);
    return { faults, rules: report.metadata.rulesEvaluated, resources: report.metadata.resourcesScanned };
  } finally {
    engine.free();
  }
}

function describe(finding: StandardDiagnostic): string {
  const where = [finding.entity?.logicalId, finding.propertyPath]
    .filter((part) => part !== undefined)
    .join(' ');
  const fix = finding.suggestedFix === undefined ? '' : ` (${finding.suggestedFix})`;
  return `${finding.severity} ${finding.ruleId} ${where}: ${finding.message}${fix}`;
}
