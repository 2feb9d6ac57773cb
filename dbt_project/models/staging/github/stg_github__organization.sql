with

records as (

    select * from {{ latest_records('raw_github', 'organization') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.id') }} as organization_id,
        {{ json_text('payload', '$.login') }} as login,
        {{ json_text('payload', '$.name') }} as name,
        {{ json_bool('payload', '$.two_factor_requirement_enabled') }} as is_two_factor_required,
        {{ json_text('payload', '$.default_repository_permission') }} as default_repository_permission,
        {{ json_timestamp('payload', '$.created_at') }} as created_at,
        record_key,
        payload_sha256,
        collection_id,
        collected_at,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
