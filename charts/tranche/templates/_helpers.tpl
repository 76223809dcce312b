{{/* The release's name, unless that would not say "tranche". */}}
{{- define "tranche.fullname" -}}
{{- $chart := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $chart .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $chart | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tranche.webhook" -}}{{ include "tranche.fullname" . }}-webhook{{- end -}}

{{/* The name of one replica of the webhook: each is a Deployment and a Service of its own, so that a
     second call never meets the one that was dead at the first. Takes (list context number). */}}
{{- define "tranche.replica" -}}{{ include "tranche.webhook" (index . 0) }}-{{ index . 1 }}{{- end -}}

{{/* Labels that select its pods. Takes (list context number). */}}
{{- define "tranche.replicaSelector" -}}
{{ include "tranche.selector" (list (index . 0) "webhook") }}
webhook.tranche.dev/replica: {{ index . 1 | quote }}
{{- end -}}

{{- define "tranche.agent" -}}{{ include "tranche.fullname" . }}-agent{{- end -}}
{{- define "tranche.uninstall" -}}{{ include "tranche.fullname" . }}-uninstall{{- end -}}

{{/* The lease by which the replicas' kube-schedulers choose who schedules. */}}
{{- define "tranche.lease" -}}{{ include "tranche.fullname" . }}-scheduler{{- end -}}

{{/* The Secret that holds what the webhook shows to the API server. */}}
{{- define "tranche.tlsSecret" -}}
{{- if eq .Values.tls.source "files" -}}
{{- required "tls.source is files: set tls.files.secretName to the Secret with tls.crt and tls.key" .Values.tls.files.secretName -}}
{{- else if eq .Values.tls.source "cert-manager" -}}
{{- /* Not the one of our own CA: who changes the source would serve that until nodes fetch the new. */ -}}
{{- include "tranche.webhook" . }}-issued
{{- else -}}
{{- include "tranche.webhook" . }}-tls
{{- end -}}
{{- end -}}

{{/* Labels that select, which may never change. Takes (list context component). */}}
{{- define "tranche.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ default $.Chart.Name $.Values.nameOverride }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* All labels. Takes (list context component). */}}
{{- define "tranche.labels" -}}
{{- $ := index . 0 -}}
{{ include "tranche.selector" . }}
app.kubernetes.io/part-of: tranche
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ $.Chart.Name }}-{{ $.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tranche.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* kube-scheduler of the cluster's version, without the suffix that vendors add to theirs. */}}
{{- define "tranche.schedulerImage" -}}
{{- $ours := regexFind "^v[0-9]+\\.[0-9]+\\.[0-9]+" .Capabilities.KubeVersion.Version -}}
{{ .Values.scheduler.image.repository }}:{{ default $ours .Values.scheduler.image.tag }}
{{- end -}}

{{/* Pod Security "restricted", container's part. */}}
{{- define "tranche.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Pod Security "restricted", pod's part; the group lets it read mounted Secrets. */}}
{{- define "tranche.restrictedPod" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Whether Tranche's own scheduler and agents give the cards: "true" or nothing. */}}
{{- define "tranche.places" -}}
{{- $backend := .Values.settings.backend -}}
{{- if or (eq (toString $backend) "tranche") (and (kindIs "map" $backend) (hasKey $backend "tranche")) -}}
true
{{- end -}}
{{- end -}}

{{/* What the dialects that are switched on read, of one kind (asks, words, beginnings), and of the
     makers that are managed their resources, as a JSON list. Takes (list context kind). */}}
{{- define "tranche.others" -}}
{{- $ := index . 0 -}}
{{- $kind := index . 1 -}}
{{- $known := $.Files.Get "files/words.yaml" | fromYaml -}}
{{- $found := list -}}
{{- range $key, $value := $.Values.settings.dialects -}}
{{- if and (hasKey $known.dialects $key) (not (and (kindIs "bool" $value) (not $value))) -}}
{{- $found = concat $found (index $known.dialects $key $kind) -}}
{{- end -}}
{{- end -}}
{{- if ne $kind "beginnings" -}}
{{- range $key, $value := $.Values.settings.vendors -}}
{{- if hasKey $known.vendors $key -}}
{{- $found = concat $found (index $known.vendors $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (uniq $found) -}}
{{- end -}}

{{/* The resources that a pod asks cards by, as a JSON list, which CEL reads as its own. */}}
{{- define "tranche.asked" -}}
{{- $names := .Values.settings.resources.nvidia -}}
{{- $asked := list $names.memory $names.memoryPercentage $names.cores -}}
{{- if .Values.settings.managed -}}
{{- $asked = prepend $asked $names.count -}}
{{- end -}}
{{- $asked = concat $asked (include "tranche.others" (list . "asks") | fromJsonArray) -}}
{{- toJson (uniq $asked) -}}
{{- end -}}

{{/* Beginnings of the resources for which a pod is sent, likewise; a whole name begins itself. */}}
{{- define "tranche.sent" -}}
{{- $prefixes := .Values.webhook.resourcePrefixes -}}
{{- $names := values .Values.settings.resources.nvidia | sortAlpha -}}
{{- range $kind := list "words" "beginnings" -}}
{{- $names = concat $names (include "tranche.others" (list $ $kind) | fromJsonArray) -}}
{{- end -}}
{{- range $name := $names -}}
{{- $begun := false -}}
{{- range $prefixes -}}
{{- if hasPrefix . $name -}}{{- $begun = true -}}{{- end -}}
{{- end -}}
{{- if not $begun -}}
{{- $prefixes = append $prefixes $name -}}
{{- end -}}
{{- end -}}
{{- toJson $prefixes -}}
{{- end -}}

{{/* Whether a pod, or a template of pods, speaks of accelerators, in CEL. Takes (list context path). */}}
{{- define "tranche.speaks" -}}
{{- $ := index . 0 -}}
{{- $pod := index . 1 -}}
{{ $pod }}.?metadata.?annotations.orValue({}).exists(k, k.startsWith('tranche.dev/')) ||
{{ $pod }}.?metadata.?labels.orValue({}).exists(k, k.startsWith('tranche.dev/')) ||
({{ $pod }}.spec.containers + {{ $pod }}.spec.?initContainers.orValue([])).exists(c,
  c.?resources.?limits.orValue({}).exists(k,
    {{ include "tranche.sent" $ }}.exists(p, k.startsWith(p))) ||
  c.?resources.?requests.orValue({}).exists(k,
    {{ include "tranche.sent" $ }}.exists(p, k.startsWith(p))))
{{- $words := include "tranche.others" (list $ "words") }}
{{- if ne $words "[]" }} ||
{{ $words }}.exists(w,
  w in {{ $pod }}.?metadata.?annotations.orValue({}) ||
  w in {{ $pod }}.?metadata.?labels.orValue({}) ||
  w in {{ $pod }}.spec.?nodeSelector.orValue({}))
{{- end }}
{{- end -}}

{{/* Where the API server finds a replica of the webhook. With tls.source "own" the webhook writes the
     caBundle itself, and with cert-manager its cainjector: not named here, an upgrade leaves what they
     wrote. Takes (list context number). */}}
{{- define "tranche.client" -}}
{{- $ := index . 0 -}}
{{- if eq $.Values.tls.source "files" -}}
caBundle: {{ required "tls.source is files: set tls.files.caBundle to the CA's PEM" $.Values.tls.files.caBundle | b64enc }}
{{ end -}}
service:
  name: {{ include "tranche.replica" . }}
  namespace: {{ $.Release.Namespace }}
  path: /admit
  port: 443
{{- end -}}

{{/* What asks cert-manager's cainjector for the caBundle. */}}
{{- define "tranche.injected" -}}
{{- if eq .Values.tls.source "cert-manager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "tranche.webhook" . }}
{{- end -}}
{{- end -}}

{{- define "tranche.user" -}}
system:serviceaccount:{{ (index . 0).Release.Namespace }}:{{ index . 1 }}
{{- end -}}
