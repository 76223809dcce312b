{{/* The binding of a policy, which refuses. Takes (list context name [namespaceSelector]). */}}
{{- define "tranche.policyBinding" -}}
{{- $ := index . 0 -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ index . 1 }}
  labels: {{- include "tranche.labels" (list $ "policy") | nindent 4 }}
spec:
  policyName: {{ index . 1 }}
  validationActions: [Deny]
  {{- if gt (len .) 2 }}
  {{- with index . 2 }}
  matchResources:
    namespaceSelector: {{- toYaml . | nindent 6 }}
  {{- end }}
  {{- end }}
{{- end -}}
