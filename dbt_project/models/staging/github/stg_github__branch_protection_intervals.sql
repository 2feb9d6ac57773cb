with

records as (

    select * from {{ record_intervals('raw_github', 'branch_protection') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$._context.repository_id') }} as repository_id,
        {{ json_text('payload', '$._context.branch') }} as branch,
        {{ json_bigint('payload', '$.protection.required_pull_request_reviews.required_approving_review_count') }} as required_approvals,
        {{ json_bool('payload', '$.protection.required_pull_request_reviews.require_code_owner_reviews') }} as requires_code_owner_review,
        {{ json_bool('payload', '$.protection.required_pull_request_reviews.dismiss_stale_reviews') }} as dismisses_stale_reviews,
        {{ json_bool('payload', '$.protection.enforce_admins.enabled') }} as is_enforced_for_admins,
        {{ json_bool('payload', '$.protection.allow_force_pushes.enabled') }} as allows_force_pushes,
        {{ json_text('payload', '$.protection.required_status_checks.checks') }} as required_checks,
        {{ json_text('payload', '$.protection') }} as protection,
        {{ json_text('payload', '$._context.reason') }} as unprotected_reason,
        {{ json_text('payload', '$.rules') }} as rules,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
