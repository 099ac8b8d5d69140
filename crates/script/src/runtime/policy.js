// The classes that policies of a project may extend. One instance is made for each policy that the
// project defines.

class Policy {
  constructor(options, policyName) {
    this.options = options;
    this.policyName = policyName;
  }
}

/** A policy in front of the handler: `handler(request, context)` gives a ZuploRequest or a Response. */
export class InboundPolicy extends Policy {}

/** A policy behind the handler: `handler(response, request, context)` gives a Response. */
export class OutboundPolicy extends Policy {}
